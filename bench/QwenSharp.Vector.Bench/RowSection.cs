using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>Operations on rows, for one row (decode) and for 512 (prefill), in the widths of Qwen3-0.6B.</summary>
internal static class RowSection
{
    public static void Run()
    {
        const int Rows = 512;
        foreach (Isa isa in InstructionSets.Available)
        {
            using CpuCompute compute = new(2, isa);
            using HostActivations x = new(Rows, 1024),
                y = new(Rows, 1024),
                heads = new(Rows, 2048),
                gate = new(Rows, 3072),
                up = new(Rows, 3072),
                product = new(Rows, 3072),
                rotations = new(Rows, 128);
            Random random = new(1);
            foreach (HostActivations matrix in new[] { x, heads, gate, up })
            {
                for (int row = 0; row < Rows; row++)
                {
                    foreach (ref float value in matrix.Row(row))
                        value = random.NextSingle() - 0.5f;
                }
            }

            int[] positions = [.. Enumerable.Range(0, Rows)];
            Tensor weight = Ones(1024), headWeight = Ones(128);
            RotaryEmbedding rotary = RotaryEmbedding.Create(64, 1e6);
            float[] logits = [.. Enumerable.Range(0, 151_936).Select(_ => random.NextSingle() * 20)];
            foreach (int rows in new[] { 1, 16, Rows })
            {
                Report(isa, "RMSNorm 1024", rows, () => compute.RmsNorm(x, rows, weight, 1e-6f, y));
                Report(isa, "norm + rotate 16×128", rows, () => compute.NormalizeAndRotate(heads, rows, 128, headWeight, 1e-6f, rotations));
                Report(isa, "SwiGLU 3072", rows, () => compute.SwiGlu(gate, up, rows, product));
                Report(isa, "RoPE angles 64", rows, () => compute.FillRotations(rotary, positions.AsSpan(0, rows), rotations));
            }

            Report(isa, "ArgMax 151936", 1, () => compute.ArgMax(logits));
            Report(isa, "LogSumExp 151936", 1, () => compute.LogSumExp(logits));
        }

        static void Report(Isa isa, string name, int rows, Action action)
        {
            // A measurement stays short, so that the best one has not been interrupted.
            double once = Measure.Best(action, 0.3);
            int loops = (int)Math.Clamp(20e-6 / once, 1, 50);
            double seconds = Measure.Best(() =>
            {
                for (int i = 0; i < loops; i++)
                    action();
            }, 0.3) / loops;
            Console.WriteLine($"{isa,-9} {name,-22} {rows,3} rows {seconds * 1e6,9:f2} µs {seconds * 1e9 / rows,9:f0} ns a row");
        }
    }

    private static Tensor Ones(int width)
    {
        float[] ones = new float[width];
        Array.Fill(ones, 1);
        return Tensor.Copy("ones", TensorType.F32, [width], System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(ones));
    }
}
