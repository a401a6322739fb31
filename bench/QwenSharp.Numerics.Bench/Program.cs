using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using QwenSharp.Numerics;

// The matrix product by itself: bytes of weights a second for one token, against what the memory gives, and
// multiply-adds a second for many.
//   dotnet run -c Release --project bench/QwenSharp.Numerics.Bench -- [--threads 1,2] [--types Q4_K,Q8_0] [--tokens 1,4,512] [--isa avx2]
long weightBytes = long.Parse(Option("--megabytes", "192")[0]) << 20;
int[] threadCounts = [.. Option("--threads", $"1,{Environment.ProcessorCount}").Distinct().Select(int.Parse)];
TensorType[] types =
[
    .. Option("--types", "Q8_0,Q4_K,Q6_K,Q5_K,Q4_0,Q4_1,Q5_0,Q5_1,Q2_K,Q3_K,F16,BF16,F32").Select(Enum.Parse<TensorType>),
];
int[] tokenCounts = [.. Option("--tokens", "1,512").Select(int.Parse)];
Isa isa = InstructionSets.Select(Option("--isa", "")[0]);
(int In, int Out)[] shapes =
[
    .. Option("--shapes", "1024x3072,2560x9728").Select(shape => (int.Parse(shape.Split('x')[0]), int.Parse(shape.Split('x')[1]))),
];
Console.WriteLine($"{isa}, {Environment.ProcessorCount} processors");
foreach (int threads in threadCounts)
{
    double bandwidth = MemoryBandwidth.Measure(threads);
    Console.WriteLine(
        string.Create(
            CultureInfo.InvariantCulture,
            $"\n{threads} threads: memory {bandwidth / 1e9:F1} "
                + $"GB/s\n{"type",-8}{"in×out",12}{"tokens",8}{"GB/s",8}{"of memory",11}{"GMAC/s",9}"
        ));
    foreach (TensorType type in types)
    {
        foreach ((int columns, int rows) in shapes)
        {
            foreach (int tokens in tokenCounts)
                Measure(type, columns, rows, tokens, threads, bandwidth);
        }
    }
}

void Measure(TensorType type, int columns, int rows, int tokens, int threads, double bandwidth)
{
    // Enough copies of the matrix that one token at a time finds none of them in a cache.
    long bytes = type.Bytes((long)columns * rows);
    int copies = tokens > 16 ? 1 : (int)(weightBytes / bytes) + 1;
    byte[] data = new byte[bytes];
    float[] row = new float[columns];
    int rowBytes = (int)type.Bytes(columns);
    Random random = new(1);
    for (int i = 0; i < columns; i++)
        row[i] = (float)(random.NextDouble() - 0.5);

    for (int r = 0; r < rows; r++)
    {
        if (r == 0)
            Fill(type, row, data.AsSpan(0, rowBytes), random);
        else
            data.AsSpan(0, rowBytes).CopyTo(data.AsSpan(r * rowBytes));
    }

    Tensor[] weights = [.. Enumerable.Range(0, copies).Select(i => Tensor.Copy($"w{i}", type, [columns, rows], data))];
    using CpuCompute compute = new(threads, isa);
    using HostActivations x = new(tokens, columns), y = new(tokens, rows);
    for (int t = 0; t < tokens; t++)
        row.CopyTo(x.Row(t));

    double best = double.MaxValue;
    long until = Stopwatch.GetTimestamp() + 3 * Stopwatch.Frequency / 2;
    for (int pass = 0; pass < 3 || Stopwatch.GetTimestamp() < until; pass++)
    {
        foreach (Tensor weight in weights)
        {
            long start = Stopwatch.GetTimestamp();
            compute.Project(x, tokens, new Projection(weight, y));
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    Console.WriteLine(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{type,-8}{$"{columns}×{rows}",12}{tokens,8}{bytes / best / 1e9,8:F2}{bytes / best / bandwidth,11:P0}"
                + $"{(double)columns * rows * tokens / best / 1e9,9:F1}"
        ));
}

// A row of the type; of one that this build only reads, random codes under a small scale, which take the same time.
static void Fill(TensorType type, ReadOnlySpan<float> values, Span<byte> row, Random random)
{
    if (type.CanQuantize())
    {
        Quantization.Quantize(type, values, row);
        return;
    }

    random.NextBytes(row);
    ushort scale = BitConverter.HalfToUInt16Bits((Half)0.01f);
    for (int start = 0; start < row.Length; start += type.BlockBytes())
    {
        Span<byte> block = row[start..];
        if (type != TensorType.IQ1_M)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(block, scale);
            continue;
        }

        // The nibbles of its scale lie on top of the four words of group scales.
        for (int i = 0; i < 4; i++)
            block[49 + 2 * i] = (byte)((block[49 + 2 * i] & 15) | (((scale >> (4 * i)) & 15) << 4));
    }
}

string[] Option(string name, string otherwise)
{
    int index = Array.IndexOf(args, name);
    return (index < 0 || index + 1 == args.Length ? otherwise : args[index + 1]).Split(',');
}
