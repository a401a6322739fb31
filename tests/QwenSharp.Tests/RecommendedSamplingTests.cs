using QwenSharp.Checkpoints;
using QwenSharp.Engine;
using QwenSharp.Formats;

namespace QwenSharp.Tests;

public sealed class RecommendedSamplingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_word_from_the_file_Qwens_published_values_hold()
    {
        Assert.Equal(new SamplingOptions { Temperature = 0.6f, TopP = 0.95f, TopK = 20 }, Read([], reasons: true));
        Assert.Equal(new SamplingOptions { Temperature = 0.7f, TopP = 0.8f, TopK = 20 }, Read([], reasons: false));
    }

    [Fact]
    public void The_files_own_values_win() =>
        Assert.Equal(
            new SamplingOptions
            {
                Temperature = 0.25f,
                TopP = 0.5f,
                TopK = 7,
                MinP = 0.125f,
                RepetitionPenalty = 1.0625f,
                RepetitionWindow = 64,
            },
            Read(
                [
                    ("temp", GgufValue.Of(0.25f)),
                    ("top_p", GgufValue.Of(0.5f)),
                    ("top_k", GgufValue.Of(7)),
                    ("min_p", GgufValue.Of(0.125f)),
                    ("penalty_repeat", GgufValue.Of(1.0625f)),
                    ("penalty_last_n", GgufValue.Of(64)),
                ],
                reasons: true));

    private SamplingOptions Read((string Name, GgufValue Value)[] values, bool reasons)
    {
        GgufWriter writer = new();
        foreach ((string name, GgufValue value) in values)
            writer.Add("general.sampling." + name, value);

        writer.Save(_folder["metadata.gguf"]);
        using GgufFile file = GgufFile.Open(_folder["metadata.gguf"]);
        return RecommendedSampling.Of(file.Metadata, reasons);
    }
}
