using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>A model is written against <see cref="Compute"/> alone: another backend could take the processor's place.</summary>
public class BackendTests
{
    public static TheoryData<string> Names() => TinyModels.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_pass_goes_through_the_operations_of_its_backend_alone(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        FittedAdapter adapter = model.Fit(Adapters.Create(model.Config, seed: 2));
        int[] tokens = TinyModels.RandomTokens(9, model.Config.VocabularySize, 3);
        using CpuCompute cpu = new(threads: 1);
        using DetachedCompute detached = new(threads: 2);

        List<float[]> expected = Pass(cpu, (x, row) => x.Row(row).ToArray());
        List<float[]> actual = Pass(detached, DetachedCompute.Read);

        Assert.Equal(expected, actual);
        Assert.Equal(model.Config.AttentionLayers * 2 + model.Config.NextTokenLayers, detached.Operations[nameof(Compute.Attend)]);
        Assert.True(detached.Operations.ContainsKey(nameof(Compute.KeepRows)));

        // Prefill of two sequences, one of them with an adapter, of which the last rows want logits; a step; and a draft.
        List<float[]> Pass(Compute compute, Func<Activations, int, float[]> read)
        {
            using KvStore cache = model.CreateKvStore(compute, TensorType.F32, 2);
            using RecurrentStore? states = model.CreateRecurrentStore(compute, 2);
            using Workspace workspace = new(compute, model.Config, maxRows: 9, maxLogits: 4);
            Batch batch = new(9, 2);
            List<float[]> results = [];
            foreach ((int first, int rows) in ((int, int)[])[(0, 4), (4, 1)])
            {
                batch.Clear();
                batch.Add(tokens.AsSpan(first, rows), first, [0], 1, adapter: adapter);
                batch.Add(tokens.AsSpan(first + 1, rows), first, [1], Math.Min(rows, 2), slot: 1);
                model.Forward(compute, batch, cache, workspace, states);
                results.AddRange(Enumerable.Range(0, batch.ScoredRows.Length).Select(row => read(workspace.Logits, row)));
            }

            if (model.Config.NextTokenLayers > 0)
            {
                using KvStore drafts = model.CreateNextTokenKvStore(compute, TensorType.F32, 1);
                batch.Clear();
                batch.Add(tokens.AsSpan(5, 1), 0, [0], 1);
                model.PredictNext(compute, batch, workspace.FinalHidden, drafts, workspace);
                results.Add(read(workspace.Logits, 0));
            }

            return results;
        }
    }

    [Fact]
    public void Memory_of_another_backend_is_refused()
    {
        LanguageModel model = TinyModels.Create("qwen3");
        using CpuCompute cpu = new(threads: 1);
        using DetachedCompute detached = new(threads: 1);
        using KvStore cache = model.CreateKvStore(detached, TensorType.F32, 1);
        using Workspace workspace = new(cpu, model.Config, 1, 1), other = new(detached, model.Config, 1, 1);
        Batch batch = new(1, 1);
        batch.Add([1], 0, [0], 1);

        Assert.Contains("another backend", Assert.Throws<ArgumentException>(() => model.Forward(cpu, batch, cache, workspace)).Message,
            StringComparison.Ordinal);
        Assert.Contains("another backend", Assert.ThrowsAny<Exception>(() => model.Forward(cpu, batch, cache, other)).Message,
            StringComparison.Ordinal);
    }
}
