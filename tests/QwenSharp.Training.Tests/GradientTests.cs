using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Training.Tests;

/// <summary>Gradients against central differences of a model that computes in double precision.</summary>
public class GradientTests
{
    public static TheoryData<string> Names => [.. SmallTraining.Configs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Loss_is_the_cross_entropy_of_the_reference(string name)
    {
        ModelConfig config = SmallTraining.Configs[name];
        using TrainableModel model = SmallTraining.Model(config);
        TrainingBatch batch = SmallTraining.Batch(config);
        double expected = ReferenceLoss(model, batch);
        Assert.Equal(expected, SmallTraining.Gradients(model, [batch]), expected * 1e-5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_parameter_has_the_gradient_that_differences_give(string name)
    {
        ModelConfig config = SmallTraining.Configs[name];
        using TrainableModel model = SmallTraining.Model(config);
        TrainingBatch batch = SmallTraining.Batch(config);
        SmallTraining.Gradients(model, [batch]);
        Random random = new(3);
        List<(double, string)> failures = [];
        foreach (Parameter parameter in model.Parameters)
        {
            // One direction moves all elements at once; single elements on top say where a fault is.
            float[] gradient = SmallTraining.Elements(parameter.Gradient);
            double length = Math.Sqrt(gradient.Sum(g => (double)g * g));
            Assert.True(length > 0, $"{parameter.Name} has no gradient");
            float[] direction = [.. gradient.Select(_ => 2 * random.NextSingle() - 1)];
            Check(direction, "a direction");
            for (int i = 0; i < 4; i++)
            {
                float[] element = new float[gradient.Length];
                element[random.Next(element.Length)] = 1;
                Check(element, $"element {Array.IndexOf(element, 1f)}");
            }

            void Check(float[] along, string what)
            {
                double expected = Difference(model, batch, parameter, along), actual = gradient.Zip(along, (g, d) => (double)g * d).Sum();
                double tolerance = 1e-3 * (Math.Abs(expected) + length * Math.Sqrt(along.Sum(d => (double)d * d)) * 0.1);
                failures.Add((Math.Abs(expected - actual) / tolerance, $"{parameter.Name}, {what}: {actual} instead of {expected}"));
            }
        }

        string[] wrong =
        [
            .. failures
                .Where(failure => !(failure.Item1 <= 1))
                .Select(failure => $"{failure.Item2} ({failure.Item1:0.0} times the tolerance)"),
        ];
        Assert.True(wrong.Length == 0, string.Join(Environment.NewLine, wrong));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Recomputed_layers_give_the_same_gradients_bit_for_bit(string name)
    {
        ModelConfig config = SmallTraining.Configs[name];
        using TrainableModel model = SmallTraining.Model(config);
        TrainingBatch[] batches = [SmallTraining.Batch(config), SmallTraining.Batch(config, seed: 2, rows: 9)];
        double loss = SmallTraining.Gradients(model, batches);
        float[][] kept = [.. model.Parameters.Select(parameter => SmallTraining.Elements(parameter.Gradient))];
        Assert.Equal(loss, SmallTraining.Gradients(model, batches, recomputes: true, threads: 3));
        Assert.Equal(kept, model.Parameters.Select(parameter => SmallTraining.Elements(parameter.Gradient)));
    }

    [Fact]
    public void A_text_does_not_see_the_others_of_its_batch()
    {
        ModelConfig config = SmallTraining.Configs["qwen3, tied"];
        using TrainableModel model = SmallTraining.Model(config);
        TrainingBatch batch = SmallTraining.Batch(config), other = SmallTraining.Batch(config);
        // Attention looks back: what the second text must not see is the first.
        for (int row = 0; row < batch.Segments[1]; row++)
            (other.Tokens[row], other.Weights[row], batch.Weights[row]) = ((other.Tokens[row] + 1) % config.VocabularySize, 0, 0);

        Assert.Equal(SmallTraining.Gradients(model, [batch]), SmallTraining.Gradients(model, [other]));
    }

    [Fact]
    public void A_batch_in_parts_has_the_gradient_of_the_whole()
    {
        ModelConfig config = SmallTraining.Configs["qwen3, groups of three"];
        using TrainableModel model = SmallTraining.Model(config);
        TrainingBatch a = SmallTraining.Batch(config, 1), b = SmallTraining.Batch(config, 2);
        int rows = a.Tokens.Length;
        TrainingBatch both = new()
        {
            Tokens = [.. a.Tokens, .. b.Tokens],
            Targets = [.. a.Targets, .. b.Targets],
            Weights = [.. a.Weights, .. b.Weights],
            Positions = [.. a.Positions, .. b.Positions],
            Segments = [.. a.Segments, .. b.Segments.Skip(1).Select(start => start + rows)],
        };
        double whole = SmallTraining.Gradients(model, [both]);
        float[][] expected = [.. model.Parameters.Select(parameter => SmallTraining.Elements(parameter.Gradient))];
        Assert.Equal(whole, SmallTraining.Gradients(model, [a, b]), 1e-6);
        foreach ((float[] was, Parameter parameter) in expected.Zip(model.Parameters))
        {
            double length = Math.Sqrt(was.Sum(g => (double)g * g));
            Assert.All(was.Zip(SmallTraining.Elements(parameter.Gradient)), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * length));
        }
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    public void Adapters_have_the_gradients_that_the_merged_matrix_implies(TensorType type)
    {
        ModelConfig config = SmallTraining.Configs["qwen3, tied"] with { Width = 32, FeedForwardWidth = 64 };
        using TrainableModel full = SmallTraining.Model(config);
        TrainingBatch batch = SmallTraining.Batch(config);
        Tensor[] frozen = [.. full.Weights.Select(weight => weight.Shape.Length > 1 && weight.Rows > 1 ? Convert(weight, type) : weight)];
        LoraOptions lora = new() { Rank = 3, Alpha = 5 };
        using TrainableModel adapted = TrainableModel.Adapt(config, frozen, lora, seed: 4);
        foreach (Parameter parameter in adapted.Parameters)
            Shake(parameter);

        SmallTraining.Gradients(adapted, [batch]);
        using TrainableModel merged = TrainableModel.Copy(config, frozen);
        Parameter[] pairs = [.. adapted.Parameters];
        for (int i = 0; i < pairs.Length; i += 2)
            Merge(merged, pairs[i], pairs[i + 1], lora.Scale);

        SmallTraining.Gradients(merged, [batch]);
        Assert.Equal(2 * 7 * config.Layers, pairs.Length);
        for (int i = 0; i < pairs.Length; i += 2)
        {
            // W = W₀ + s·B·A, so ∂L/∂A = s·Bᵀ·∂L/∂W and ∂L/∂B = s·∂L/∂W·Aᵀ.
            (Parameter a, Parameter b) = (pairs[i], pairs[i + 1]);
            HostActivations dw = TargetOf(merged, a).Gradient;
            AssertClose(
                a,
                (r, column) => lora.Scale * Enumerable.Range(0, dw.Capacity).Sum(o => (double)b.Value.Row(o)[r] * dw.Row(o)[column]));
            AssertClose(
                b,
                (o, r) => lora.Scale * Enumerable.Range(0, dw.Width).Sum(column => (double)dw.Row(o)[column] * a.Value.Row(r)[column]));
        }
    }

    [Fact]
    public void Dropout_has_the_gradient_of_its_own_mask()
    {
        ModelConfig config = SmallTraining.Configs["qwen3, tied"];
        using TrainableModel full = SmallTraining.Model(config);
        LoraOptions lora = new() { Rank = 2, Alpha = 4, Dropout = 0.4f };
        using TrainableModel adapted = TrainableModel.Adapt(config, full.Weights, lora, seed: 4);
        foreach (Parameter parameter in adapted.Parameters)
            Shake(parameter);

        TrainingBatch batch = SmallTraining.Batch(config);
        double loss = SmallTraining.Gradients(adapted, [batch], dropoutSeed: 9);
        Assert.NotEqual(loss, SmallTraining.Gradients(adapted, [batch], dropoutSeed: 10));
        Assert.Equal(loss, SmallTraining.Gradients(adapted, [batch], recomputes: true, dropoutSeed: 9));
        Parameter first = adapted.Parameters[0];
        double gradient = first.Gradient.Row(0)[3];
        const float h = 1e-2f;
        first.Value.Row(0)[3] += h;
        double above = SmallTraining.Gradients(adapted, [batch], dropoutSeed: 9);
        first.Value.Row(0)[3] -= 2 * h;
        double below = SmallTraining.Gradients(adapted, [batch], dropoutSeed: 9);
        Assert.Equal((above - below) / (2 * h), gradient, Math.Max(1e-4, Math.Abs(gradient) * 2e-2));
    }

    private static void Shake(Parameter parameter) => SmallTraining.Shake(parameter, 0.3f);

    private static Parameter TargetOf(TrainableModel merged, Parameter down) =>
        merged.Parameters.Single(parameter => parameter.Name == down.Name[..^".lora_a".Length]);

    private static void Merge(TrainableModel merged, Parameter down, Parameter up, float scale)
    {
        HostActivations weight = TargetOf(merged, down).Value;
        for (int o = 0; o < weight.Capacity; o++)
        {
            for (int i = 0; i < weight.Width; i++)
            {
                weight.Row(o)[i] +=
                    scale * (float)Enumerable.Range(0, down.Value.Capacity).Sum(r => (double)up.Value.Row(o)[r] * down.Value.Row(r)[i]);
            }
        }
    }

    private static void AssertClose(Parameter parameter, Func<int, int, double> expected)
    {
        double length = Math.Sqrt(SmallTraining.Elements(parameter.Gradient).Sum(g => (double)g * g));
        Assert.True(length > 0, $"{parameter.Name} has no gradient");
        for (int row = 0; row < parameter.Gradient.Capacity; row++)
        {
            for (int column = 0; column < parameter.Gradient.Width; column++)
                Assert.Equal(expected(row, column), parameter.Gradient.Row(row)[column], 1e-4 * length);
        }
    }

    private static Tensor Convert(Tensor weight, TensorType type)
    {
        NativeBuffer buffer = new(type.Bytes(weight.ElementCount));
        for (int row = 0; row < weight.Rows; row++)
        {
            float[] values = new float[weight.Columns];
            Quantization.Dequantize(weight.Type, weight.RowData(row), values);
            Quantization.Quantize(type, values, buffer.Span(row * type.Bytes(weight.Columns), (int)type.Bytes(weight.Columns)));
        }

        return Tensor.Over(weight.Name, type, weight.Shape, buffer);
    }

    private static double Difference(TrainableModel model, TrainingBatch batch, Parameter parameter, float[] direction)
    {
        // Moving all elements at once, a smaller step of each keeps the third derivative out.
        float h = direction.Count(d => d != 0) == 1 ? 2e-3f : 4e-4f;
        float[] before = SmallTraining.Elements(parameter.Value);
        double above = At(h), below = At(-h);
        Set(before);
        return (above - below) / (2 * h);

        double At(float step)
        {
            Set([.. before.Zip(direction, (value, d) => value + step * d)]);
            return ReferenceLoss(model, batch);
        }

        void Set(float[] values)
        {
            for (int row = 0; row < parameter.Value.Capacity; row++)
                values.AsSpan(row * parameter.Value.Width, parameter.Value.Width).CopyTo(parameter.Value.Row(row));
        }
    }

    private static double ReferenceLoss(TrainableModel model, TrainingBatch batch)
    {
        double loss = 0;
        for (int s = 0; s + 1 < batch.Segments.Length; s++)
        {
            (int first, int end) = (batch.Segments[s], batch.Segments[s + 1]);
            double[][] logits = new ReferenceModel(model.Config, model.Weights).Logits(batch.Tokens.AsSpan(first, end - first));
            for (int row = first; row < end; row++)
            {
                if (batch.Weights[row] > 0)
                    loss += batch.Weights[row] * (Math.Log(logits[row - first].Sum(Math.Exp)) - logits[row - first][batch.Targets[row]]);
            }
        }

        return loss / batch.Weights.Sum();
    }
}
