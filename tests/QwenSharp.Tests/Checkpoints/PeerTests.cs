using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Peers;

namespace QwenSharp.Tests.Checkpoints;

/// <summary>
/// llama.cpp loads what we write and computes the same logits. Its libraries are those of <see cref="Checkout.LlamaLibraries"/>.
/// </summary>
public sealed class PeerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("qwen3", false, null, 1e-4)]
    [InlineData("qwen2", true, null, 1e-4)]
    [InlineData("qwen3", true, "f32", 1e-4)]
    [InlineData("qwen3", false, "f16", 2e-3)]
    [InlineData("qwen3", false, "q8_0", 0.05)]
    [InlineData("qwen3", true, "q4_k_m", 0.06)]
    [InlineData("qwen2", false, "q3_k_l", 0.06)]
    [InlineData("qwen3", false, "iq4_xs", 0.06)]
    public void Llama_cpp_gives_the_same_logits(string architecture, bool tied, string? type, double bound)
    {
        string libraries = RequireLibraries();
        string path = _folder["model.gguf"];
        using (
            Checkpoint folder = ModelFiles.Open(
                ScriptedFolder.WriteRandom(_folder["model"], SmallModels.Config(architecture, tied), SafetensorsType.F32),
                decode: false))
        {
            SmallModels.Save(folder, path, new() { Mix = type is null ? null : WeightMix.Find(type) });
        }

        AssertSameLogits(libraries, path, bound);
    }

    [Theory]
    [InlineData("qwen3next")]
    [InlineData("qwen35")]
    [InlineData("qwen35moe")]
    [InlineData("qwen3vlmoe")]
    public void Llama_cpp_takes_a_converted_folder_of_a_later_family(string architecture)
    {
        string libraries = RequireLibraries();
        string path = _folder["model.gguf"];
        using (
            Checkpoint folder = ModelFiles.Open(
                ScriptedFolder.WriteRandom(_folder["model"], SmallModels.Later(architecture), SafetensorsType.F32),
                decode: false))
        {
            SmallModels.Save(folder, path);
        }

        AssertSameLogits(libraries, path, 1e-4);
    }

    [Theory]
    [InlineData("f32", 1e-4)]
    [InlineData("q4_k_m", 0.06)]
    public void Llama_cpp_takes_the_same_experts(string type, double bound)
    {
        string libraries = RequireLibraries();
        ModelConfig config = SmallModels.Config() with
        {
            Architecture = "qwen3moe",
            FeedForwardWidth = 0,
            Experts = new MixtureOfExperts(6, 2, 256) { NormalizesWeights = true },
        };
        RandomWeights.Save(_folder["f32.gguf"], config, WeightMix.Find("f32"));
        using (GgufFile file = GgufFile.Open(_folder["f32.gguf"]))
            SmallModels.Save(file, _folder["model.gguf"], new() { Mix = WeightMix.Find(type) });

        AssertSameLogits(libraries, _folder["model.gguf"], bound);
    }

    [Theory]
    [InlineData("qwen3", TensorType.F32, false)]
    [InlineData("qwen2", TensorType.F16, true)]
    public void Llama_cpp_takes_the_same_adapter(string architecture, TensorType type, bool isRankStabilized)
    {
        string libraries = RequireLibraries();
        ModelConfig config = SmallModels.Config(architecture);
        RandomWeights.Save(_folder["model.gguf"], config, WeightMix.Find("f32"));
        AdapterFile.WriteGguf(Adapters.Create(config, 1, rank: 8, type: type, isRankStabilized: isRankStabilized), _folder["adapter.gguf"]);

        AssertSameLogits(libraries, _folder["model.gguf"], type == TensorType.F32 ? 1e-4 : 2e-3, _folder["adapter.gguf"]);
    }

    private static void AssertSameLogits(string libraries, string path, double bound, string? adapter = null)
    {
        using GgufFile file = GgufFile.Open(path);
        LanguageModel model = LanguageModel.Load(file);
        double[] all = SmallModels.Logits(model, adapter is null ? null : model.Fit(AdapterFile.Read(adapter, model.Config)));
        using LlamaCpp llama = new(libraries, path, threads: 2, SmallModels.Tokens.Length + 8, exact: true);
        if (adapter is not null)
            llama.Adapt(adapter);

        double[] theirs = [.. llama.Decode(SmallModels.Tokens).ToArray().Select(logit => (double)logit)];
        Assert.InRange(SmallModels.RelativeError(all[^theirs.Length..], theirs), 0, bound);
    }

    private static string RequireLibraries()
    {
        Assert.SkipUnless(
            Directory.Exists(Checkout.LlamaLibraries),
            "llama.cpp's libraries (node-llama-cpp under bench/QwenSharp.Peers) are not installed.");
        return Checkout.LlamaLibraries;
    }
}
