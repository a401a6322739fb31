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

    // A task that reads less than this would spend its time on taking it.
    private const int BytesPerTask = 512 << 10;

    // Below this many floats the caller packs the activations itself, sooner than others wake.
    private const int ParallelPacking = 16 << 10;

    private static readonly int PanelRows = 2 * TLanes.Count;

    private readonly WorkerPool _pool;
    private readonly PackedActivations[] _packed = [new(), new(), new(), new()];
    private readonly NativeBuffer _scratch;

    // The call in progress.
    private Projection[] _outputs = new Projection[4];
    private Cut[] _cuts = new Cut[4];
    private Activations _x = null!;
    private int _tokens;

    public LaneMatMul(WorkerPool pool)
    {
        _pool = pool;
        _scratch = new NativeBuffer((long)pool.Threads * sizeof(V) * Scratch.Registers);
    }

    public void Dispose()
    {
        foreach (PackedActivations packed in _packed)
            packed.Dispose();

        _scratch.Dispose();
    }

    public void Project(Activations x, int rows, ReadOnlySpan<Projection> outputs)
    {
        if (_outputs.Length < outputs.Length)
            (_outputs, _cuts) = (new Projection[outputs.Length], new Cut[outputs.Length]);

        (_x, _tokens) = (x, rows);
        outputs.CopyTo(_outputs);
        Pack(outputs);

        int tasks = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            _cuts[i] = CutUp(outputs[i].Weight, tasks);
            tasks = _cuts[i].EndTask;
        }

        MultiplyJob job = new(this);
        _pool.Run(ref job, tasks);

        // Until here the array has kept the tensors' memory alive.
        _outputs.AsSpan(0, outputs.Length).Clear();
    }

    // Q8_0 and types with a codebook widen activations to 16 bits for a batch; a single token takes the kernel's product of signed bytes.
    private ActivationFormat FormatOf(TensorType type) => type switch
    {
        _ when type == TensorType.Q8_0 || type.HasCodebook() => _tokens == 1 ? ActivationFormat.Blocks : ActivationFormat.WideBlocks,
        _ when type.BlockLength() == 256 => ActivationFormat.SuperBlocks,
        _ when type.BlockLength() == 32 => ActivationFormat.Blocks,
        _ => ActivationFormat.Floats,
    };

    private void Pack(ReadOnlySpan<Projection> outputs)
    {
        int done = 0;
        foreach (ref readonly Projection output in outputs)
        {
            ActivationFormat format = FormatOf(output.Weight.Type);
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

    private Cut CutUp(Tensor weight, int firstTask)
    {
        int panels = (weight.Rows + PanelRows - 1) / PanelRows;
        long panelBytes = Math.Max(1, weight.RowBytes * PanelRows * Math.Min(_tokens, TokensPerTask));

        // Enough tasks that threads of different speed end together.
        int panelsPerTask = (int)Math.Clamp(BytesPerTask / panelBytes, 1, Math.Max(1, panels / (4 * _pool.Threads)));
        int tokenRanges = (_tokens + TokensPerTask - 1) / TokensPerTask;
        return new Cut(firstTask, firstTask + (panels + panelsPerTask - 1) / panelsPerTask * tokenRanges, panelsPerTask, tokenRanges);
    }

    private void Multiply(int task, int worker)
    {
        int index = 0;
        while (task >= _cuts[index].EndTask)
            index++;

        Cut cut = _cuts[index];
        ref readonly Projection output = ref _outputs[index];
        task -= cut.FirstTask;
        int firstToken = task % cut.TokenRanges * TokensPerTask, tokens = Math.Min(TokensPerTask, _tokens - firstToken);
        int firstRow = task / cut.TokenRanges * cut.PanelsPerTask * PanelRows;
        int endRow = Math.Min(firstRow + cut.PanelsPerTask * PanelRows, output.Weight.Rows);
        for (int row = firstRow; row < endRow; row += PanelRows)
        {
            switch (output.Weight.Type)
            {
                case TensorType.F32:
                    Panel<FloatKernel<F32Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.F16:
                    Panel<FloatKernel<F16Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.BF16:
                    Panel<FloatKernel<BF16Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q8_0:
                    Panel<Q8_0Kernel>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q4_0:
                    Panel<BlockKernel<Q4_0Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q4_1:
                    Panel<BlockKernel<Q4_1Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q5_0:
                    Panel<BlockKernel<Q5_0Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q5_1:
                    Panel<BlockKernel<Q5_1Format>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q2_K:
                    Panel<SuperBlockKernel<Q2_KFormat>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q3_K:
                    Panel<SuperBlockKernel<Q3_KFormat>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q4_K:
                    Panel<SuperBlockKernel<Q4_KFormat>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q5_K:
                    Panel<SuperBlockKernel<Q5_KFormat>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q6_K:
                    Panel<SuperBlockKernel<Q6_KFormat>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ4_NL:
                    Panel<CodebookKernel<NibbleFormat<IQ4_NLFormat>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ4_XS:
                    Panel<CodebookKernel<NibbleFormat<IQ4_XSFormat>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.MXFP4:
                    Panel<CodebookKernel<NibbleFormat<MXFP4Format>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.NVFP4:
                    Panel<CodebookKernel<DecodedFormat<NVFP4Type>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ1_S:
                    Panel<CodebookKernel<DecodedFormat<IQ1_SType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ1_M:
                    Panel<CodebookKernel<DecodedFormat<IQ1_MType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ2_XXS:
                    Panel<CodebookKernel<DecodedFormat<IQ2_XXSType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ2_XS:
                    Panel<CodebookKernel<DecodedFormat<IQ2_XSType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ2_S:
                    Panel<CodebookKernel<DecodedFormat<IQ2_SType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ3_XXS:
                    Panel<CodebookKernel<DecodedFormat<IQ3_XXSType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.IQ3_S:
                    Panel<CodebookKernel<DecodedFormat<IQ3_SType>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.TQ1_0:
                    Panel<CodebookKernel<DecodedFormat<TQ1_0Type>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.TQ2_0:
                    Panel<CodebookKernel<DecodedFormat<TQ2_0Type>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q1_0:
                    Panel<CodebookKernel<DecodedFormat<Q1_0Type>>>(output, row, firstToken, tokens, worker);
                    break;
                case TensorType.Q2_0:
                    Panel<CodebookKernel<DecodedFormat<Q2_0Type>>>(output, row, firstToken, tokens, worker);
                    break;
                default:
                    throw new ArgumentException($"{output.Weight} has no matrix product.");
            }
        }
    }

    private void Panel<TKernel>(in Projection output, int row, int firstToken, int tokens, int worker)
        where TKernel : struct, IPanelKernel
    {
        Tensor weight = output.Weight;
        Scratch scratch = new((V*)_scratch.Pointer + worker * Scratch.Registers);
        ActivationFormat format = FormatOf(weight.Type);
        if (TKernel.HasDot && _tokens == 1)
        {
            for (int group = 0; group < 2; group++)
                scratch.Sums[group] = Dot<TKernel>(weight, row + group * TLanes.Count, _packed[(int)format].Pointer, PackedActivations.RecordBytes(format), scratch);
        }
        else
        {
            new Span<V>(scratch.Sums, 2 * tokens).Clear();
            bool floats = format == ActivationFormat.Floats;
            int record = floats ? _x.Width * sizeof(float) : PackedActivations.RecordBytes(format);
            byte* x = floats ? (byte*)(_x.Pointer + (long)firstToken * _x.Width) : _packed[(int)format].Pointer + (long)firstToken * record;
            Multiply<TKernel>(weight, row, x, floats ? 256 * sizeof(float) : (nint)_tokens * record, record, tokens, scratch);
        }

        Write(output, row, firstToken, tokens, scratch.Sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static V Dot<TKernel>(Tensor weight, int row, byte* x, int recordBytes, Scratch scratch)
        where TKernel : struct, IPanelKernel
    {
        V sum = default;
        int rows = weight.Rows - row, columns = weight.Columns;
        if (rows <= 0)
            return sum;

        nint rowBytes = (nint)weight.RowBytes, chunkBytes = (nint)weight.Type.Bytes(256);
        byte* weights = weight.Pointer + row * rowBytes;

        // The next rows follow these in memory; a share of them is asked for at each step.
        byte* next = rows < 2 * TLanes.Count ? weights : weights + TLanes.Count * rowBytes;
        nint step = TLanes.Count * chunkBytes;
        for (int column = 0; column < columns; column += 256, weights += chunkBytes, x += recordBytes)
        {
            int length = Math.Min(256, columns - column);
            if (rows < TLanes.Count)
                sum = TKernel.Dot<TLanes, V>(scratch.Copy(weights, rowBytes, rows, (int)weight.Type.Bytes(length)), Scratch.RowBytes, length, x, sum, weights);
            else
                sum = TKernel.Dot<TLanes, V>(weights, rowBytes, length, x, sum, next);

            next += step;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TKernel>(Tensor weight, int row, byte* x, nint chunkStride, nint tokenStride, int tokens, Scratch scratch)
        where TKernel : struct, IPanelKernel
    {
        nint rowBytes = (nint)weight.RowBytes;
        byte* weights = weight.Pointer + row * rowBytes;
        int rows = weight.Rows - row, allColumns = weight.Columns;
        byte* next = weights + PanelRows * rowBytes;
        for (int column = 0; column < allColumns; column += 256, x += chunkStride)
        {
            int columns = Math.Min(256, allColumns - column), chunkBytes = (int)weight.Type.Bytes(columns);
            Unpack<TKernel>(weights, rowBytes, rows, columns, chunkBytes, scratch, 0);
            Unpack<TKernel>(weights + TLanes.Count * rowBytes, rowBytes, rows - TLanes.Count, columns, chunkBytes, scratch, 1);
            weights += chunkBytes;
            if (rows >= 2 * PanelRows)
                Prefetch.Bytes(next, PanelRows * chunkBytes);

            next += PanelRows * chunkBytes;
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
    private static void Unpack<TKernel>(byte* weights, nint rowBytes, int rows, int columns, int chunkBytes, Scratch scratch, int group)
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

        TKernel.Unpack<TLanes, V>(weights, rowBytes, columns, scratch.Panel + group);
    }

    private static void Write(in Projection output, int row, int firstToken, int tokens, V* sums)
    {
        int rows = Math.Min(PanelRows, output.Weight.Rows - row);
        bool whole = rows == PanelRows;
        V bias0 = default, bias1 = default;
        if (whole && output.Bias is { } bias)
            (bias0, bias1) = (((V*)((float*)bias.Pointer + row))[0], ((V*)((float*)bias.Pointer + row))[1]);

        for (int token = 0; token < tokens; token++, sums += 2)
        {
            if (!whole)
            {
                for (int i = 0; i < rows; i++)
                    MatMulOutput.Write(output, firstToken + token, row + i, ((float*)sums)[i]);

                continue;
            }

            V* y = (V*)(output.Output.Pointer + (long)(firstToken + token) * output.Output.Width + row);
            V y0 = sums[0], y1 = sums[1];
            if (output.Bias is not null)
                (y0, y1) = (TLanes.AddSingle(y0, bias0), TLanes.AddSingle(y1, bias1));

            if (output.Accumulate)
                (y0, y1) = (TLanes.AddSingle(y[0], y0), TLanes.AddSingle(y[1], y1));

            (y[0], y[1]) = (y0, y1);
        }
    }

    // How one output is cut: tasks count token ranges fastest, so that a panel's weights are still in the cache for the next range.
    private readonly record struct Cut(int FirstTask, int EndTask, int PanelsPerTask, int TokenRanges);

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
