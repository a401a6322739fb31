using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace QwenSharp.Numerics;

/// <summary>Matrix products on the registers of one instruction set: cuts the work into panels of rows and shares them out.</summary>
internal sealed unsafe class LaneMatMul<TLanes, V> : IMatMul
    where TLanes : struct, ILanes<V>
    where V : unmanaged
{
    // Sums of this many tokens stay in the cache beside a panel.
    private const int TokensPerTask = 256;

    // Small, so that threads of different speed end together; a task that reads much less would spend its time on being taken.
    private const int BytesPerTask = 32 << 10;

    // Below this many floats the caller packs the activations itself, sooner than others wake.
    private const int ParallelPacking = 16 << 10;

    private static readonly int PanelRows = 2 * TLanes.Count;

    private readonly WorkerPool _pool;
    private readonly VnniProducts? _vnni;
    private readonly PackedActivations[] _packed = [new(), new(), new(), new()];
    private readonly NativeBuffer _scratch;

    // The call in progress.
    private Projection[] _outputs = new Projection[4];
    private Cut[] _cuts = new Cut[4];
    private HostActivations _x = null!;
    private int _tokens;
    private int _count;

    /// <param name="pool">Whose threads compute.</param>
    /// <param name="vnni">Products that take the place of the lanes' own where there are such, with sixteen lanes; owned.</param>
    public LaneMatMul(WorkerPool pool, VnniProducts? vnni = null)
    {
        _pool = pool;
        _vnni = vnni;
        _scratch = new NativeBuffer((long)pool.Threads * sizeof(V) * Scratch.Registers);
    }

    public void Dispose()
    {
        foreach (PackedActivations packed in _packed)
            packed.Dispose();

        _scratch.Dispose();
        _vnni?.Dispose();
    }

    public void Project(Activations x, int rows, ReadOnlySpan<Projection> outputs)
    {
        if (_outputs.Length < outputs.Length)
        {
            int room = Math.Max(outputs.Length, 2 * _outputs.Length);
            (_outputs, _cuts) = (new Projection[room], new Cut[room]);
        }

        (_x, _tokens, _count) = (x.OnHost(), rows, outputs.Length);
        outputs.CopyTo(_outputs);
        Pack(outputs);

        int tasks = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            _cuts[i] = CutUp(outputs[i], tasks);
            tasks = _cuts[i].EndTask;
        }

        MultiplyJob job = new(this);
        _pool.Run(ref job, tasks);

        // Until here the array has kept the tensors' memory alive.
        _outputs.AsSpan(0, outputs.Length).Clear();
    }

    // Q8_0 and types with a codebook widen activations to 16 bits for a batch; a single token takes the kernel's product of signed bytes.
    internal static ActivationFormat FormatOf(TensorType type, int tokens) => type switch
    {
        _ when type == TensorType.Q8_0 || type.HasCodebook() => tokens == 1 ? ActivationFormat.Blocks : ActivationFormat.WideBlocks,
        _ when type.BlockLength() == 256 => ActivationFormat.SuperBlocks,
        _ when type.BlockLength() == 32 => ActivationFormat.Blocks,
        _ => ActivationFormat.Floats,
    };

    // Where bytes are multiplied whatever their sign, nothing is widened.
    private ActivationFormat PackedFormatOf(TensorType type, int tokens) =>
        FormatOf(type, tokens) is var format && format == ActivationFormat.WideBlocks && _vnni is not null && VnniProducts.HasTiles(type)
            ? ActivationFormat.Blocks
            : format;

    private void Pack(ReadOnlySpan<Projection> outputs)
    {
        int done = 0;
        foreach (ref readonly Projection output in outputs)
        {
            ActivationFormat format = PackedFormatOf(output.Weight.Type, TokensOf(output).Count);
            if (format == ActivationFormat.Floats || (done >> (int)format & 1) != 0)
                continue;

            done |= 1 << (int)format;
            _packed[(int)format].Reserve(format, _tokens, _x.Width);
            PackJob job = new(this, format);
            if ((long)_tokens * _x.Width >= ParallelPacking)
            {
                _pool.Run(ref job, _tokens);
                continue;
            }

            for (int token = 0; token < _tokens; token++)
                job.Execute(token, 0);
        }
    }

    private RowRange TokensOf(in Projection output) => output.Rows ?? new RowRange(0, _tokens);

    private Cut CutUp(in Projection output, int firstTask)
    {
        Tensor weight = output.Weight;
        RowRange tokens = TokensOf(output);
        int panels = (weight.Rows + PanelRows - 1) / PanelRows;
        long panelBytes = Math.Max(1, weight.RowBytes * PanelRows * Math.Min(tokens.Count, TokensPerTask));
        int panelsPerTask = (int)Math.Clamp(BytesPerTask / panelBytes, 1, Math.Max(1, panels / (4 * _pool.Threads)));
        int tokenRanges = (tokens.Count + TokensPerTask - 1) / TokensPerTask;
        return new Cut(
            firstTask,
            firstTask + (panels + panelsPerTask - 1) / panelsPerTask * tokenRanges,
            panelsPerTask,
            tokenRanges,
            tokens,
            _vnni?.Of(weight.Type, tokens.Count, TokensPerTask));
    }

    private void Multiply(int task, int worker)
    {
        int index = IndexOf(task);
        Cut cut = _cuts[index];
        ref readonly Projection output = ref _outputs[index];
        task -= cut.FirstTask;
        int range = task % cut.TokenRanges * TokensPerTask;
        RowRange tokens = new(cut.Tokens.First + range, Math.Min(TokensPerTask, cut.Tokens.Count - range));
        int firstRow = task / cut.TokenRanges * cut.PanelsPerTask * PanelRows;
        int endRow = Math.Min(firstRow + cut.PanelsPerTask * PanelRows, output.Weight.Rows);
        Share share = new(firstRow, endRow, tokens, cut.Tokens.Count, worker, cut.Vnni);
        switch (output.Weight.Type)
        {
            case TensorType.F32:
                Panels<FloatKernel<F32Format>>(output, share);
                break;
            case TensorType.F16:
                Panels<FloatKernel<F16Format>>(output, share);
                break;
            case TensorType.BF16:
                Panels<FloatKernel<BF16Format>>(output, share);
                break;
            case TensorType.Q8_0:
                Panels<SignedByteKernel<Q8_0Format>>(output, share);
                break;
            case TensorType.Q4_0:
                Panels<BlockKernel<Q4_0Format>>(output, share);
                break;
            case TensorType.Q4_1:
                Panels<BlockKernel<Q4_1Format>>(output, share);
                break;
            case TensorType.Q5_0:
                Panels<BlockKernel<Q5_0Format>>(output, share);
                break;
            case TensorType.Q5_1:
                Panels<BlockKernel<Q5_1Format>>(output, share);
                break;
            case TensorType.Q2_K:
                Panels<SuperBlockKernel<Q2_KFormat>>(output, share);
                break;
            case TensorType.Q3_K:
                Panels<SuperBlockKernel<Q3_KFormat>>(output, share);
                break;
            case TensorType.Q4_K:
                Panels<SuperBlockKernel<Q4_KFormat>>(output, share);
                break;
            case TensorType.Q5_K:
                Panels<SuperBlockKernel<Q5_KFormat>>(output, share);
                break;
            case TensorType.Q6_K:
                Panels<SuperBlockKernel<Q6_KFormat>>(output, share);
                break;
            case TensorType.IQ4_NL:
                Panels<SignedByteKernel<NibbleFormat<IQ4_NLFormat>>>(output, share);
                break;
            case TensorType.IQ4_XS:
                Panels<SignedByteKernel<NibbleFormat<IQ4_XSFormat>>>(output, share);
                break;
            case TensorType.MXFP4:
                Panels<SignedByteKernel<NibbleFormat<MXFP4Format>>>(output, share);
                break;
            case TensorType.NVFP4:
                Panels<SignedByteKernel<DecodedFormat<NVFP4Type>>>(output, share);
                break;
            case TensorType.IQ1_S:
                Panels<SignedByteKernel<DecodedFormat<IQ1_SType>>>(output, share);
                break;
            case TensorType.IQ1_M:
                Panels<SignedByteKernel<DecodedFormat<IQ1_MType>>>(output, share);
                break;
            case TensorType.IQ2_XXS:
                Panels<SignedByteKernel<DecodedFormat<IQ2_XXSType>>>(output, share);
                break;
            case TensorType.IQ2_XS:
                Panels<SignedByteKernel<DecodedFormat<IQ2_XSType>>>(output, share);
                break;
            case TensorType.IQ2_S:
                Panels<SignedByteKernel<DecodedFormat<IQ2_SType>>>(output, share);
                break;
            case TensorType.IQ3_XXS:
                Panels<SignedByteKernel<DecodedFormat<IQ3_XXSType>>>(output, share);
                break;
            case TensorType.IQ3_S:
                Panels<SignedByteKernel<DecodedFormat<IQ3_SType>>>(output, share);
                break;
            case TensorType.TQ1_0:
                Panels<SignedByteKernel<DecodedFormat<TQ1_0Type>>>(output, share);
                break;
            case TensorType.TQ2_0:
                Panels<SignedByteKernel<DecodedFormat<TQ2_0Type>>>(output, share);
                break;
            case TensorType.Q1_0:
                Panels<SignedByteKernel<DecodedFormat<Q1_0Type>>>(output, share);
                break;
            case TensorType.Q2_0:
                Panels<SignedByteKernel<DecodedFormat<Q2_0Type>>>(output, share);
                break;
            default:
                throw new ArgumentException($"{output.Weight} has no matrix product.");
        }
    }

    // Experts make hundreds of outputs: the first whose tasks end behind this one.
    private int IndexOf(int task)
    {
        int low = 0, high = _count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (task < _cuts[middle].EndTask)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private void Panels<TKernel>(in Projection output, Share share)
        where TKernel : struct, IPanelKernel
    {
        WeightRows weights = new(output.Weight);
        Scratch scratch = new((V*)_scratch.Pointer + share.Worker * Scratch.Registers);
        ActivationFormat format = PackedFormatOf(output.Weight.Type, share.AllTokens);
        bool floats = format == ActivationFormat.Floats;
        int record = floats ? _x.Width * sizeof(float) : PackedActivations.RecordBytes(format);
        nint chunkStride = floats ? 256 * sizeof(float) : (nint)_tokens * record;
        byte* x = (floats ? (byte*)_x.Pointer : _packed[(int)format].Pointer) + (long)share.Tokens.First * record;
        for (int row = share.FirstRow; row < share.EndRow; row += PanelRows)
        {
            if (share.AllTokens == 1 && (TKernel.HasDot || share.Vnni is { HasDot: true }))
            {
                scratch.Sums[0] = Dot<TKernel>(weights, row, x, chunkStride, scratch, share.Vnni);
                scratch.Sums[1] = Dot<TKernel>(weights, row + TLanes.Count, x, chunkStride, scratch, share.Vnni);
            }
            else
            {
                new Span<V>(scratch.Sums, 2 * share.Tokens.Count).Clear();
                Multiply<TKernel>(weights, row, x, chunkStride, record, share.Tokens.Count, scratch, share.Vnni);
            }

            Write(output, row, Math.Min(PanelRows, weights.Count - row), share.Tokens.First, share.Tokens.Count, scratch.Sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Dot<TKernel>(
        in WeightRows weights, int row, byte* x, nint chunkStride, Scratch scratch, VnniProducts.Routines? vnni)
        where TKernel : struct, IPanelKernel
    {
        int rows = weights.Count - row;
        if (rows < TLanes.Count)
            return rows <= 0 ? default : LastDot<TKernel>(weights, row, rows, x, chunkStride, scratch, vnni);

        // The next rows follow these in memory.
        byte* first = weights.Row(row), next = rows < 2 * TLanes.Count ? first : first + TLanes.Count * weights.RowBytes;
        return Dot<TKernel>(first, weights.RowBytes, weights.Columns, x, chunkStride, default, next, weights.BlockLength, vnni);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Dot<TKernel>(
        byte* rows, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next, int blockLength, VnniProducts.Routines? vnni)
        where TKernel : struct, IPanelKernel
    {
        if (vnni is not { HasDot: true })
            return TKernel.Dot<TLanes, V>(rows, stride, columns, x, chunkStride, sum, next);

        vnni.Dot(new DotArguments
        {
            Weights = rows,
            Stride = stride,
            Blocks = columns / blockLength,
            X = x,
            ChunkStride = chunkStride,
            Next = next,
            Sums = (float*)&sum,
        });
        return sum;
    }

    // Fewer rows than lanes: a chunk at a time is copied to where there are as many.
    private static V LastDot<TKernel>(
        in WeightRows weights, int row, int rows, byte* x, nint chunkStride, Scratch scratch, VnniProducts.Routines? vnni)
        where TKernel : struct, IPanelKernel
    {
        V sum = default;
        byte* first = weights.Row(row);
        for (int column = 0; column < weights.Columns; column += 256, first += weights.ChunkBytes, x += chunkStride)
        {
            int columns = Math.Min(256, weights.Columns - column);
            byte* copy = scratch.Copy(first, weights.RowBytes, rows, weights.Bytes(columns));
            sum = Dot<TKernel>(copy, Scratch.RowBytes, columns, x, chunkStride, sum, copy, weights.BlockLength, vnni);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TKernel>(
        in WeightRows matrix,
        int row,
        byte* x,
        nint chunkStride,
        nint tokenStride,
        int tokens,
        Scratch scratch,
        VnniProducts.Routines? vnni)
        where TKernel : struct, IPanelKernel
    {
        nint rowBytes = matrix.RowBytes;
        byte* weights = matrix.Row(row);
        int rows = matrix.Count - row, allColumns = matrix.Columns;
        byte* next = weights + PanelRows * rowBytes;
        for (int column = 0; column < allColumns; column += 256, x += chunkStride)
        {
            int columns = Math.Min(256, allColumns - column), chunkBytes = matrix.Bytes(columns);
            byte* second = weights + TLanes.Count * rowBytes;
            Unpack<TKernel>(weights, rowBytes, rows, columns, chunkBytes, scratch, 0, vnni is not null);
            Unpack<TKernel>(second, rowBytes, rows - TLanes.Count, columns, chunkBytes, scratch, 1, vnni is not null);
            weights += chunkBytes;
            if (rows >= 2 * PanelRows)
                Prefetch.Bytes(next, PanelRows * chunkBytes);

            next += PanelRows * chunkBytes;
            if (vnni is not null)
            {
                vnni.Multiply(scratch.Panel, x, tokenStride, columns, tokens, scratch.Sums);
                continue;
            }

            byte* token = x;
            V* sums = scratch.Sums;
            int left = tokens;
            for (; left >= TKernel.MaxTile; left -= TKernel.MaxTile, token += TKernel.MaxTile * tokenStride, sums += 2 * TKernel.MaxTile)
            {
                if (TKernel.MaxTile == 4)
                    TKernel.Multiply<TLanes, V, FourTokens>(scratch.Panel, token, tokenStride, columns, sums);
                else
                    TKernel.Multiply<TLanes, V, ThreeTokens>(scratch.Panel, token, tokenStride, columns, sums);
            }

            if (left == 3)
                TKernel.Multiply<TLanes, V, ThreeTokens>(scratch.Panel, token, tokenStride, columns, sums);
            else if (left == 2)
                TKernel.Multiply<TLanes, V, TwoTokens>(scratch.Panel, token, tokenStride, columns, sums);
            else if (left == 1)
                TKernel.Multiply<TLanes, V, OneToken>(scratch.Panel, token, tokenStride, columns, sums);
        }
    }

    // Unpacks one of the panel's two groups of rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack<TKernel>(
        byte* weights, nint rowBytes, int rows, int columns, int chunkBytes, Scratch scratch, int group, bool asBytes)
        where TKernel : struct, IPanelKernel
    {
        if (rows <= 0)
            return;

        // Rows that do not exist, and floats that do not fill 16 bytes, would be read beyond the tensor's end.
        if (rows < TLanes.Count || columns % 32 != 0)
        {
            weights = scratch.Copy(weights, rowBytes, Math.Min(rows, TLanes.Count), chunkBytes);
            rowBytes = Scratch.RowBytes;
        }

        if (asBytes)
            TKernel.UnpackBytes<TLanes, V>(weights, rowBytes, columns, scratch.Panel + group);
        else
            TKernel.Unpack<TLanes, V>(weights, rowBytes, columns, scratch.Panel + group);
    }

    private static void Write(in Projection output, int row, int rows, int firstToken, int tokens, V* sums)
    {
        bool whole = rows == PanelRows;
        V bias0 = default, bias1 = default, scale = TLanes.Broadcast(BitConverter.SingleToInt32Bits(output.Scale));
        if (whole && output.Bias is { } bias)
            (bias0, bias1) = (((V*)((float*)bias.Pointer + row))[0], ((V*)((float*)bias.Pointer + row))[1]);

        float* outputs = output.Output.Pointer;
        int width = output.Output.Width;
        for (int token = 0; token < tokens; token++, sums += 2)
        {
            if (!whole)
            {
                for (int i = 0; i < rows; i++)
                    MatMulOutput.Write(output, firstToken + token, row + i, ((float*)sums)[i]);

                continue;
            }

            V* y = (V*)(outputs + (long)(firstToken + token) * width + row);
            V y0 = sums[0], y1 = sums[1];
            if (output.Scale != 1)
                (y0, y1) = (TLanes.MultiplySingle(y0, scale), TLanes.MultiplySingle(y1, scale));

            if (output.Bias is not null)
                (y0, y1) = (TLanes.AddSingle(y0, bias0), TLanes.AddSingle(y1, bias1));

            if (output.Accumulate)
                (y0, y1) = (TLanes.AddSingle(y[0], y0), TLanes.AddSingle(y[1], y1));

            (y[0], y[1]) = (y0, y1);
        }
    }

    // How one output is cut: tasks count token ranges fastest, so that a panel's weights are still in the cache for the next range.
    private readonly record struct Cut(
        int FirstTask, int EndTask, int PanelsPerTask, int TokenRanges, RowRange Tokens, VnniProducts.Routines? Vnni);

    // What of one output a task computes, for how many tokens all of its tasks together, and who does it.
    private readonly record struct Share(
        int FirstRow, int EndRow, RowRange Tokens, int AllTokens, int Worker, VnniProducts.Routines? Vnni);

    // Where the rows of a matrix lie: looked up once a task, as the tensor computes it anew each time.
    private readonly struct WeightRows(Tensor weight)
    {
        private readonly byte* _start = weight.Pointer;
        private readonly int _blockBytes = weight.Type.BlockBytes();

        public int Count { get; } = weight.Rows;

        public int Columns { get; } = weight.Columns;

        public int BlockLength { get; } = weight.Type.BlockLength();

        public nint RowBytes { get; } = (nint)weight.RowBytes;

        public nint ChunkBytes { get; } = (nint)weight.Type.Bytes(256);

        public byte* Row(int row) => _start + row * RowBytes;

        public int Bytes(int columns) => columns / BlockLength * _blockBytes;
    }

    // A worker's memory: the unpacked panel, sums, and copies of rows at the tensor's end.
    private readonly struct Scratch(V* start)
    {
        public const int RowBytes = 256 * sizeof(float) + 16;
        private const int PanelRegisters = 2 * 256, SumRegisters = 2 * TokensPerTask, CopyRegisters = RowBytes / sizeof(int);
        public const int Registers = PanelRegisters + SumRegisters + CopyRegisters;

        public V* Panel => start;

        public V* Sums => start + PanelRegisters;

        public byte* Copy(byte* from, nint stride, int rows, int bytes)
        {
            byte* copy = (byte*)(start + PanelRegisters + SumRegisters);
            NativeMemory.Clear(copy, (nuint)(CopyRegisters * sizeof(V)));
            for (int row = 0; row < rows; row++)
                Buffer.MemoryCopy(from + row * stride, copy + row * RowBytes, RowBytes, bytes);

            return copy;
        }
    }

    private readonly struct PackJob(LaneMatMul<TLanes, V> owner, ActivationFormat format) : IParallelJob
    {
        public void Execute(int task, int worker) => owner._packed[(int)format].Pack(format, owner._x.Row(task), task, owner._tokens);
    }

    private readonly struct MultiplyJob(LaneMatMul<TLanes, V> owner) : IParallelJob
    {
        public void Execute(int task, int worker) => owner.Multiply(task, worker);
    }
}
