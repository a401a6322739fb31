using System.Collections;
using System.Reflection;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training.Tests;

public sealed class TrainingCostTests
{
    public static TheoryData<string, bool, bool> Cases() =>
        [
            .. SmallTraining.Configs.Keys.SelectMany(config =>
                new[] { (config, false, false), (config, false, true), (config, true, false), (config, true, true) }),
        ];

    // Every matrix that a pass holds, found in the objects themselves.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Memory_is_what_is_allocated(string name, bool adapts, bool recomputes)
    {
        ModelConfig config = SmallTraining.Configs[name];
        LoraOptions? lora = adapts ? new LoraOptions { Rank = 3, Dropout = 0.1f, Targets = [BlockMatrix.Query, BlockMatrix.Down] } : null;
        using TrainableModel full = TrainableModel.Create(config, 1);
        using TrainableModel? adapted = lora is null ? null : TrainableModel.Adapt(config, full.Weights, lora, 1);
        TrainableModel model = adapted ?? full;
        using TrainingWorkspace workspace = new(model, 11, recomputes);

        TrainingCost cost = new(config, lora, recomputes, 11);

        HashSet<HostActivations> matrices = [];
        Collect(workspace, matrices);
        foreach (Parameter parameter in model.Parameters)
            matrices.UnionWith([parameter.Value, parameter.Gradient, parameter.Mean, parameter.Variance]);

        Assert.Equal(model.TrainedCount, cost.TrainedElements);
        Assert.Equal(matrices.Sum(matrix => (long)matrix.Capacity * matrix.Width * sizeof(float)), cost.Bytes);
    }

    // A model of one layer, so small that its operations can be counted on paper.
    [Theory]
    [InlineData(false, 6 * 236 + 14 * 2 * 4)]
    [InlineData(true, 4 * 236 + 6 * 21 + 14 * 2 * 4)]
    public void Operations_are_those_of_each_product(bool adapts, int expected)
    {
        // q and o: 4 × 4; k and v: 4 × 2; gate, up and down: 4 × 9; head: 4 × 20. Adapters of rank 1: q 4 + 4, gate 4 + 9.
        ModelConfig config = Tiny(layers: 1);
        LoraOptions? lora = adapts ? new LoraOptions { Rank = 1, Targets = [BlockMatrix.Query, BlockMatrix.Gate] } : null;

        TrainingCost cost = new(config, lora, Recomputes: false, Rows: 3);

        // Three tokens see 1, 2 and 3 positions, 2 on average, with 4 features of queries each.
        Assert.Equal(expected, cost.OperationsPerToken(3));
    }

    [Fact]
    public void Layers_that_are_computed_again_are_all_but_the_last_without_their_way_down()
    {
        TrainingCost once = new(Tiny(layers: 3), Lora: null, Recomputes: false, Rows: 3), twice = once with { Recomputes = true };

        Assert.Equal(0, once.RepeatedOperationsPerToken(3));
        Assert.Equal(2 * (2 * (16 + 16 + 8 + 8 + 36 + 36) + 4 * 2 * 4), twice.RepeatedOperationsPerToken(3));
        Assert.Equal(once.OperationsPerToken(3) + twice.RepeatedOperationsPerToken(3), twice.OperationsPerToken(3));
    }

    private static ModelConfig Tiny(int layers) => new()
    {
        Architecture = "qwen3",
        VocabularySize = 20,
        Width = 4,
        Layers = layers,
        Heads = 2,
        KvHeads = 1,
        HeadLength = 2,
        FeedForwardWidth = 9,
        ContextLength = 16,
        HasQkNorm = true,
        HasTiedHead = true,
    };

    private static void Collect(object? found, HashSet<HostActivations> matrices)
    {
        if (found is HostActivations matrix)
        {
            matrices.Add(matrix);
        }
        else if (found is IDictionary map)
        {
            Collect(map.Values, matrices);
        }
        else if (found is IEnumerable many and not string)
        {
            foreach (object? one in many)
                Collect(one, matrices);
        }
        else if (found?.GetType().Assembly == typeof(TrainingWorkspace).Assembly)
        {
            foreach (FieldInfo field in found.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
                Collect(field.GetValue(found), matrices);
        }
    }
}
