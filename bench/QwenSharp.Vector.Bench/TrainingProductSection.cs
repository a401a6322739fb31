using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>
/// The three matrix products of training, as shares of the multiply-adds that the same threads reach in registers in the same moment, both
/// by
/// processor time: y = Wx, its gradient by x, and its gradient by W.
/// </summary>
internal static class TrainingProductSection
{
    private static readonly (string Model, int Rows, int In, int Out, TensorType Type)[] _shapes =
    [
        ("box", 2048, 256, 256, TensorType.F32),
        ("box", 2048, 256, 768, TensorType.F32),
        ("box", 2048, 768, 256, TensorType.F32),
        ("box", 2048, 256, 4096, TensorType.F32),
        ("box", 8192, 512, 512, TensorType.F32),
        ("0.6B", 1024, 1024, 2048, TensorType.F32),
        ("0.6B", 1024, 1024, 3072, TensorType.F32),
        ("0.6B", 1024, 3072, 1024, TensorType.F32),
        ("0.6B", 110, 1024, 151_936, TensorType.BF16),
        ("0.6B", 220, 1024, 151_936, TensorType.BF16),
        ("0.6B", 1024, 1024, 3072, TensorType.BF16),
        ("0.6B", 1024, 1024, 3072, TensorType.F16),
        ("0.6B", 1024, 1024, 3072, TensorType.Q8_0),
        ("0.6B", 1024, 1024, 3072, TensorType.Q4_K),
        ("0.6B", 1024, 1024, 3072, TensorType.Q6_K),
        ("0.6B", 1024, 1024, 3072, TensorType.IQ4_XS),
        ("4B", 1024, 2560, 4096, TensorType.Q4_K),
        ("4B", 1024, 2560, 9728, TensorType.Q4_K),
        ("LoRA", 1024, 1024, 8, TensorType.F32),
        ("LoRA", 1024, 8, 1024, TensorType.F32),
        ("LoRA", 1024, 1024, 16, TensorType.F32),
        ("LoRA", 1024, 16, 3072, TensorType.F32),
        ("LoRA", 1024, 2560, 64, TensorType.F32),
        ("LoRA", 1024, 64, 2560, TensorType.F32),
    ];

    public static void Run(Func<string, bool> wanted)
    {
        foreach ((string model, int rows, int width, int outputs, TensorType type) in _shapes)
        {
            if (!wanted(model) && !wanted(type.ToString()))
                continue;

            foreach (int threads in new[] { 1, 2 })
            {
                double peak;
                using (WorkerPool pool = new(threads))
                    peak = 2 * Measure.PeakMacs(pool, action => Measure.LeastProcessorTime(action, threads, 0.2));

                using TrainingCompute compute = new(threads);
                using HostActivations x = Random(rows, width), y = Random(rows, outputs), dx = new(rows, width);
                using HostActivations? dw = type == TensorType.F32 ? new(outputs, width) : null;
                Tensor weight = Weights(type, width, outputs);
                double operations = 2.0 * rows * width * outputs;
                string Share(Action product)
                {
                    double rate = operations / Measure.LeastProcessorTime(product, threads, 0.4);
                    return $"{rate / 1e9,6:f1} = {rate / peak,4:p0}";
                }

                string line =
                    $"{model,4}: {rows,4} rows, {width,4} → {outputs,6} {type,-6} {threads} threads, peak {peak / 1e9:f1} GFLOP/s: ";
                line +=
                    $"y {Share(() => compute.Multiply(x, rows, weight, y))}, dx "
                        + $"{Share(() => compute.MultiplyTransposed(y, rows, weight, dx))}";
                Console.WriteLine(dw is null ? line : $"{line}, dW {Share(() => compute.MultiplyOuter(y, x, rows, dw))}");
            }
        }
    }

    private static Tensor Weights(TensorType type, int width, int outputs)
    {
        NativeBuffer data = new(type.Bytes((long)width * outputs));
        Random random = new(3);
        float[] row = new float[width];
        foreach (ref float value in row.AsSpan())
            value = random.NextSingle() - 0.5f;

        int bytes = (int)type.Bytes(width);
        Quantization.Quantize(type, row, data.Span(0, bytes));
        for (long o = 1; o < outputs; o++)
            data.Span(0, bytes).CopyTo(data.Span(o * bytes, bytes));

        return Tensor.Over("weight", type, [width, outputs], data);
    }

    private static HostActivations Random(int rows, int width)
    {
        Random random = new(2);
        HostActivations matrix = new(rows, width);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix.Row(row))
                value = random.NextSingle() - 0.5f;
        }

        return matrix;
    }
}
