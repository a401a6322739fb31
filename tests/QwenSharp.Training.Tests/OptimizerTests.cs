using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training.Tests;

/// <summary>Updates against the same formulas in double precision.</summary>
public class OptimizerTests
{
    private const double Rate = 0.02, Momentum = 0.9, Decay = 0.1;

    private static ModelConfig Config => SmallTraining.Configs["qwen3, groups of three"];

    [Fact]
    public void Muon_steps_along_the_orthogonal_part_of_the_running_mean_and_AdamW_serves_what_is_no_matrix_of_a_layer()
    {
        using TrainableModel model = SmallTraining.Model(Config);
        using TrainingCompute compute = new(2);
        using Optimizer optimizer = new(
            model,
            compute,
            new OptimizerOptions
            {
                Kind = OptimizerKind.Muon,
                Momentum = Momentum,
                WeightDecay = Decay,
                MaxGradientNorm = 0,
            });
        Dictionary<string, double[,]> values = model.Parameters.ToDictionary(
            parameter => parameter.Name,
            parameter => Matrix(parameter.Value));
        Dictionary<string, double[,]> means = model.Parameters.ToDictionary(
            parameter => parameter.Name,
            parameter => new double[parameter.Value.Capacity, parameter.Value.Width]);
        HashSet<int> orders = [];
        for (int step = 1; step <= 3; step++)
        {
            Draw(model, step);
            optimizer.Update(step, Rate, optimizer.GradientNorm());
            foreach (Parameter parameter in model.Parameters.Where(parameter => parameter.IsLayerMatrix))
            {
                (int rows, int width) = (parameter.Value.Capacity, parameter.Value.Width);
                orders.Add(rows.CompareTo(width));
                double[,] gradient = Matrix(parameter.Gradient),
                    mean = means[parameter.Name],
                    ahead = new double[rows, width],
                    value = values[parameter.Name];
                Each(rows, width, (i, j) => mean[i, j] = Momentum * mean[i, j] + (1 - Momentum) * gradient[i, j]);
                Each(rows, width, (i, j) => ahead[i, j] = Momentum * mean[i, j] + (1 - Momentum) * gradient[i, j]);
                double[,] direction = Orthogonalized(ahead);
                Each(
                    rows,
                    width,
                    (i, j) =>
                        value[i, j] = value[i, j] * (1 - Rate * Decay) - Rate * 0.2 * Math.Sqrt(Math.Max(rows, width)) * direction[i, j]);
                Each(rows, width, (i, j) => Assert.Equal(value[i, j], parameter.Value.Row(i)[j], 2e-5));
            }
        }

        // Wide ones and tall ones.
        Assert.Superset(new HashSet<int> { -1, 1 }, orders);
        Assert.All(
            model.Parameters.Where(parameter => !parameter.IsLayerMatrix),
            parameter => Assert.NotEqual(0, parameter.Variance.Row(0)[0]));
    }

    [Fact]
    public void The_direction_of_Muon_has_singular_values_near_1()
    {
        double[,] x = new double[5, 9];
        Random random = new(4);
        Each(5, 9, (i, j) => x[i, j] = random.NextDouble() - 0.5);
        double[,] u = Orthogonalized(x), gram = Product(u, Transposed(u));

        // The quintic leaves them between 0.7 and 1.2: so lie the diagonal of U·Uᵀ and the sums beside it.
        Each(5, 5, (i, j) => Assert.InRange(gram[i, j], i == j ? 0.4 : -0.5, i == j ? 1.5 : 0.5));
    }

    [Fact]
    public void A_gradient_that_is_too_long_is_shortened_as_a_whole()
    {
        using TrainableModel clipped = SmallTraining.Model(Config), scaled = SmallTraining.Model(Config);
        using TrainingCompute compute = new(2);
        using Optimizer clips = new(clipped, compute, new OptimizerOptions { MaxGradientNorm = 0.5, Epsilon = 1e-2 }),
            plain = new(scaled, compute, new OptimizerOptions { MaxGradientNorm = 0, Epsilon = 1e-2 });
        Draw(clipped, 1);
        double norm = clips.GradientNorm();
        Assert.True(norm > 1);
        foreach ((Parameter from, Parameter to) in clipped.Parameters.Zip(scaled.Parameters))
        {
            for (int row = 0; row < from.Gradient.Capacity; row++)
            {
                for (int i = 0; i < from.Gradient.Width; i++)
                    to.Gradient.Row(row)[i] = (float)(from.Gradient.Row(row)[i] * 0.5 / norm);
            }
        }

        clips.Update(1, Rate, norm);
        plain.Update(1, Rate, 0.5);
        foreach ((Parameter one, Parameter other) in clipped.Parameters.Zip(scaled.Parameters))
            Each(one.Value.Capacity, one.Value.Width, (i, j) => Assert.Equal(other.Value.Row(i)[j], one.Value.Row(i)[j], 1e-6));
    }

    [Fact]
    public void Matrices_decay_and_norms_and_biases_do_not()
    {
        using TrainableModel model = SmallTraining.Model(SmallTraining.Configs["qwen2, biases"]);
        using TrainingCompute compute = new(1);
        using Optimizer optimizer = new(model, compute, new OptimizerOptions { WeightDecay = Decay });
        Dictionary<string, double[,]> before = model.Parameters.ToDictionary(
            parameter => parameter.Name,
            parameter => Matrix(parameter.Value));
        optimizer.ClearGradients();
        optimizer.Update(1, Rate, 0);

        foreach (Parameter parameter in model.Parameters)
        {
            bool isMatrix =
                !parameter.Name.EndsWith("norm.weight", StringComparison.Ordinal)
                && !parameter.Name.EndsWith(".bias", StringComparison.Ordinal);
            Each(
                parameter.Value.Capacity,
                parameter.Value.Width,
                (i, j) => Assert.Equal(before[parameter.Name][i, j] * (isMatrix ? 1 - Rate * Decay : 1), parameter.Value.Row(i)[j], 1e-6));
        }

        // A has one row where the rank is 1, and is a matrix still.
        using Parameter down = new("blk.0.attn_q.weight.lora_a", 8, 1), up = new("blk.0.attn_q.weight.lora_b", 1, 8);
        Assert.True(down.IsMatrix && up.IsMatrix);
    }

    private static void Draw(TrainableModel model, int seed)
    {
        Random random = new(seed);
        foreach (Parameter parameter in model.Parameters)
        {
            for (int row = 0; row < parameter.Gradient.Capacity; row++)
            {
                foreach (ref float value in parameter.Gradient.Row(row))
                    value = random.NextSingle() - 0.5f;
            }
        }
    }

    /// <summary>Five steps X ← 3.4445·X − 4.7750·XXᵀX + 2.0315·(XXᵀ)²X from X ÷ ‖X‖ (Jordan et al., 2024).</summary>
    private static double[,] Orthogonalized(double[,] x)
    {
        (int rows, int width) = (x.GetLength(0), x.GetLength(1));
        double length = Math.Sqrt(x.Cast<double>().Sum(value => value * value));
        double[,] now = new double[rows, width];
        Each(rows, width, (i, j) => now[i, j] = x[i, j] / length);
        for (int step = 0; step < 5; step++)
        {
            double[,] gram = Product(now, Transposed(now)),
                cube = Product(gram, now),
                fifth = Product(gram, cube),
                next = new double[rows, width],
                last = now;
            Each(rows, width, (i, j) => next[i, j] = 3.4445 * last[i, j] - 4.7750 * cube[i, j] + 2.0315 * fifth[i, j]);
            now = next;
        }

        return now;
    }

    private static double[,] Product(double[,] a, double[,] b)
    {
        double[,] c = new double[a.GetLength(0), b.GetLength(1)];
        Each(a.GetLength(0), b.GetLength(1), (i, j) => c[i, j] = Enumerable.Range(0, a.GetLength(1)).Sum(k => a[i, k] * b[k, j]));
        return c;
    }

    private static double[,] Transposed(double[,] x)
    {
        double[,] t = new double[x.GetLength(1), x.GetLength(0)];
        Each(x.GetLength(1), x.GetLength(0), (i, j) => t[i, j] = x[j, i]);
        return t;
    }

    private static double[,] Matrix(HostActivations x)
    {
        double[,] matrix = new double[x.Capacity, x.Width];
        Each(x.Capacity, x.Width, (i, j) => matrix[i, j] = x.Row(i)[j]);
        return matrix;
    }

    private static void Each(int rows, int width, Action<int, int> action)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < width; j++)
                action(i, j);
        }
    }
}
