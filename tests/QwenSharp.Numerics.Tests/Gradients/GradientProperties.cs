using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Numerics.Tests;

/// <summary>What holds of gradients whatever the shapes and numbers are, without a second computation to compare with.</summary>
public class GradientProperties
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(new Replay(new Rnd(2, 15), null));

    [Fact]
    public void Attention_is_linear_in_values_and_its_scores_in_queries_and_in_keys()
    {
        // So in each segment q · dq and k · dk are both Σ S ∘ dS, and v · dv is y · dy.
        Check.One(
            _config,
            Prop.ForAll(
                Arb.From<(int, int, int, int)>(Shapes()),
                shape =>
                {
                    (int rows, int group, int kvHeads, int length) = shape;
                    int cut = rows / 3,
                        heads = group * kvHeads;
                    int[] segments = cut == 0 ? [0, rows] : [0, cut, rows];
                    using TrainingCompute compute = new(2);
                    using HostActivations q = Kernels.Matrix(rows, heads * length, 1, 2),
                        k = Kernels.Matrix(rows, kvHeads * length, 500, 2),
                        v = Kernels.Matrix(rows, kvHeads * length, 900),
                        dy = Kernels.Matrix(rows, heads * length, 1500);
                    using HostActivations y = new(rows, heads * length),
                        sums = new(rows, heads),
                        dq = new(rows, heads * length),
                        dk = new(rows, kvHeads * length),
                        dv = new(rows, kvHeads * length);
                    compute.AttendSegments(q, k, v, segments, length, y, sums);
                    compute.AttendSegmentsBackward(q, k, v, y, sums, dy, segments, length, dq, dk, dv);
                    for (int s = 0; s + 1 < segments.Length; s++)
                    {
                        (double Value, double Size) byQueries = Dot(q, dq, segments[s], segments[s + 1]),
                            byKeys = Dot(k, dk, segments[s], segments[s + 1]);
                        (double Value, double Size) byOutput = Dot(y, dy, segments[s], segments[s + 1]),
                            byValues = Dot(v, dv, segments[s], segments[s + 1]);
                        Assert.Equal(byQueries.Value, byKeys.Value, 1e-5 * (1 + byQueries.Size + byKeys.Size));
                        Assert.Equal(byOutput.Value, byValues.Value, 1e-5 * (1 + byOutput.Size + byValues.Size));
                    }
                }));
    }

    [Fact]
    public void A_norm_does_not_see_the_length_of_its_input()
    {
        Check.One(_config, Prop.ForAll(Arb.From(Gen.Choose(1, 300)), width =>
        {
            using TrainingCompute compute = new(2);
            using HostActivations x = Kernels.Matrix(3, width, width, 4), dy = Kernels.Matrix(3, width, 77), dx = new(3, width);
            compute.RmsNormBackward(x, 3, Kernels.Weights(Kernels.Random(width, 5)), 0, dy, dx, null);
            (double value, double size) = Dot(x, dx, 0, 3);
            Assert.Equal(0, value, 1e-5 * (1 + size));
        }));
    }

    [Fact]
    public void Gradients_of_logits_sum_to_zero()
    {
        Check.One(_config, Prop.ForAll(Arb.From(Gen.Choose(1, 6000)), vocabulary =>
        {
            using TrainingCompute compute = new(2);
            using HostActivations logits = Kernels.Matrix(2, vocabulary, vocabulary, 9);
            compute.CrossEntropy(logits, 2, [vocabulary - 1, 0], [1, 0.5f], 2, gradient: true);
            Assert.Equal(0, Differences.Widen(logits.Row(0)).Sum(), 1e-5);
            Assert.Equal(0, Differences.Widen(logits.Row(1)).Sum(), 1e-5);
        }));
    }

    private static Gen<(int Rows, int Group, int KvHeads, int Length)> Shapes() =>
        from rows in Gen.Choose(1, 150)
        from @group in Gen.Choose(1, 4)
        from kvHeads in Gen.Choose(1, 3)
        from length in Gen.Choose(1, 70)
        select (rows, @group, kvHeads, length);

    private static (double Value, double Size) Dot(HostActivations x, HostActivations y, int from, int to)
    {
        double sum = 0, size = 0;
        for (int row = from; row < to; row++)
        {
            for (int i = 0; i < x.Width; i++)
            {
                double product = (double)x.Row(row)[i] * y.Row(row)[i];
                sum += product;
                size += Math.Abs(product);
            }
        }

        return (sum, size);
    }
}
