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

    [Fact]
    public void What_other_engines_write_for_off_is_off()
    {
        SamplingOptions read = Read(
            [("top_k", -1), ("top_p", 1f), ("min_p", 0), ("penalty_repeat", 1.5f), ("penalty_last_n", 0), ("temp", 1)],
            reasons: false);

        Assert.Equal(new SamplingOptions { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, RepetitionPenalty = 1 }, read);
        read.Validate(100);
        Assert.Equal(1, Read([("penalty_repeat", 0f)], reasons: false).RepetitionPenalty);
        Read([("top_p", 0f)], reasons: false).Validate(100);
    }

    /// <summary>A GGUF file and a folder refuse the same values, in the same words, and say which file and which key.</summary>
    [Theory]
    [InlineData("temp", "temperature", -1f, "is -1; it must be at least 0")]
    [InlineData("top_p", "top_p", 1.5f, "is 1.5; it must be from 0 to 1")]
    [InlineData("top_k", "top_k", 2.5f, "is 2.5; it must be a whole number")]
    [InlineData("penalty_repeat", "repetition_penalty", -0.5f, "is -0.5; it must be at least 0")]
    public void A_file_and_a_folder_refuse_the_same_in_the_same_words(string key, string name, float value, string words)
    {
        ScriptedCheckpoint.WriteWith(_folder["model.gguf"], "general.sampling." + key, value);
        string folder = ScriptedFolder.Write(_folder["folder"]);
        File.WriteAllText(
            Path.Combine(folder, "generation_config.json"),
            $"{{\"{name}\": {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}");

        Assert.Equal(
            $"{_folder["model.gguf"]}: metadata 'general.sampling.{key}' {words}.",
            Assert.Throws<GgufException>(() => QwenModel.Load(_folder["model.gguf"])).Message);
        Assert.Equal(
            $"{Path.Combine(folder, "generation_config.json")}: '{name}' {words}.",
            Assert.Throws<HuggingFaceException>(() => QwenModel.Load(folder)).Message);
    }

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
