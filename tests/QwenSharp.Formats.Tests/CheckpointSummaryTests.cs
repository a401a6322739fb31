using System.Text.Json;
using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

public sealed class CheckpointSummaryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_summary_counts_parameters_and_bytes_by_type()
    {
        string path = _folder.Write("f.gguf", Sample.Bytes());
        using GgufFile file = GgufFile.Open(path);
        CheckpointSummary summary = CheckpointSummary.Of(file);

        Assert.Equal([path], summary.Files);
        Assert.Equal(new FileInfo(path).Length, summary.Bytes);
        Assert.Equal(("qwen3", "Täglich 千问 🙂"), (summary.Architecture, summary.Name));
        Assert.Equal(192 + 32 + 512 + 24 + 1, summary.Parameters);
        Assert.Equal(
            [
                (TensorType.Q4_K, 1, 512L, 288L),
                (TensorType.Q8_0, 1, 192, 204),
                (TensorType.F32, 1, 32, 128),
                (TensorType.BF16, 1, 24, 48),
                (TensorType.F16, 1, 1, 2),
            ],
            summary.Types.Select(type => (type.Type, type.Tensors, type.Parameters, type.Bytes)));
        Assert.Equal(8.0 * 670 / 761, summary.BitsPerWeight, 12);
        Assert.Equal(Sample.Tensors.Select(tensor => tensor.Name), summary.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([2, 3, 2, 2], summary.Tensors[3].Shape);
    }

    [Fact]
    public void Metadata_is_shown_as_json_and_what_is_left_out_shows()
    {
        string path = _folder.File("f.gguf");
        new GgufWriter()
            .Add("number", 7u)
            .Add("text", "0123456789")
            .Add("escape", "\u001b[2J")
            .Add("nan", float.NaN)
            .Add("low", GgufValue.Of(double.NegativeInfinity))
            .Add("tokens", GgufValue.ArrayOf("a", "b", "🙂🙂🙂🙂🙂", "d"))
            .Add("floats", GgufValue.ArrayOf(0.5f, float.PositiveInfinity))
            .Add("nested", GgufValue.ArrayOf(GgufValue.ArrayOf(1, 2, 3, 4), GgufValue.ArrayOf(true)))
            .Save(path);
        using GgufFile file = GgufFile.Open(path);

        Assert.Equal(
            [
                "number UInt32 7",
                "text String \"01234\\u2026\"",
                "escape String \"\\u001B[2J\"",
                "nan Float32 \"NaN\"",
                "low Float64 \"-Infinity\"",
                "tokens String[4] [\"a\",\"b\",\"\\uD83D\\uDE42\\uD83D\\uDE42\\uD83D\\uDE42\\uD83D\\uDE42\\uD83D\\uDE42\",\"\\u2026 1 "
                    + "more\"]",
                "floats Float32[2] [0.5,\"Infinity\"]",
                "nested Array[2] [[1,2,3,\"\\u2026 1 more\"],[true]]",
            ],
            CheckpointSummary
                .Of(file, maxElements: 3, maxCharacters: 5)
                .Metadata.Select(entry => $"{entry.Key} {entry.Type} {entry.Value.ToJsonString()}"));
    }

    [Fact]
    public void A_program_reads_the_summary_as_json()
    {
        using GgufFile file = GgufFile.Open(_folder.Write("f.gguf", Sample.Bytes()));
        JsonElement json = JsonSerializer.SerializeToElement(CheckpointSummary.Of(file), JsonSerializerOptions.Web);

        Assert.Equal(761, json.GetProperty("parameters").GetInt64());
        Assert.Equal("a.uint64", json.GetProperty("metadata")[8].GetProperty("key").GetString());
        Assert.Equal(ulong.MaxValue, json.GetProperty("metadata")[8].GetProperty("value").GetUInt64());
    }

    [Fact]
    public void An_empty_file_has_no_parameters_and_no_name()
    {
        new GgufWriter().Save(_folder.File("f.gguf"));
        using GgufFile file = GgufFile.Open(_folder.File("f.gguf"));
        CheckpointSummary summary = CheckpointSummary.Of(file);

        Assert.Equal((0L, 0.0, null, null), (summary.Parameters, summary.BitsPerWeight, summary.Architecture, summary.Name));
        Assert.Empty(summary.Types);
    }
}
