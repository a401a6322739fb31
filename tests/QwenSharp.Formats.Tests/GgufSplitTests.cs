using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

public sealed class GgufSplitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Any_file_of_a_split_model_opens_the_whole()
    {
        IReadOnlyList<string> paths = Split();
        Assert.Equal(
            [
                _folder.File("model-00001-of-00003.gguf"),
                _folder.File("model-00002-of-00003.gguf"),
                _folder.File("model-00003-of-00003.gguf"),
            ],
            paths);

        foreach (string path in paths)
        {
            using GgufFile file = GgufFile.Open(path);
            Assert.Equal(paths, file.Files);
            Assert.Equal(path, file.Path);
            Assert.Equal(paths.Sum(shard => new FileInfo(shard).Length), file.ByteLength);
            Assert.Equal(Sample.Metadata, file.Metadata.Select(entry => (entry.Key, entry.Value)));
            foreach ((string name, TensorType type, long[] shape) in Sample.Tensors)
                Assert.Equal(Sample.Data(name, type, shape), file.GetTensor(name).Data.ToArray());

            Assert.Empty(file.UnconsumedTensors());
        }
    }

    [Fact]
    public void Every_file_keeps_the_models_alignment()
    {
        IReadOnlyList<string> paths = Sample.Writer(("general.alignment", 128u)).SaveSplit(_folder.File("aligned"), 200);
        using GgufFile file = GgufFile.Open(paths[1]);

        Assert.Equal(128, file.Alignment);
        Assert.Equal(Sample.Tensors.Length, file.Tensors.Count);
    }

    [Fact]
    public void A_model_that_fits_is_one_file_of_one()
    {
        string path = Assert.Single(Sample.Writer().SaveSplit(_folder.File("whole"), long.MaxValue));
        using GgufFile file = GgufFile.Open(path);

        Assert.EndsWith("whole-00001-of-00001.gguf", path);
        Assert.Equal(Sample.Tensors.Length, file.Tensors.Count);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        IReadOnlyList<string> paths = Split();
        File.Delete(paths[1]);

        Refused(paths[0], "file 2 of 3 is missing", "model-00002-of-00003.gguf");
        Refused(paths[2], "file 2 of 3 is missing");
    }

    [Fact]
    public void A_file_that_lost_its_name_says_so()
    {
        string renamed = _folder.File("renamed.gguf");
        File.Move(Split()[0], renamed);

        Refused(renamed, "one of 3 files", "must keep its name");
    }

    [Fact]
    public void A_name_and_metadata_that_disagree_on_the_count_are_refused()
    {
        string renamed = _folder.File("model-00001-of-00004.gguf");
        File.Move(Split()[0], renamed);

        Refused(renamed, "name says 4", "says 3");
    }

    [Fact]
    public void Files_in_each_others_place_are_refused()
    {
        IReadOnlyList<string> paths = Split();
        File.Copy(paths[2], paths[1], overwrite: true);

        Refused(paths[0], "split.no");
    }

    [Fact]
    public void The_same_tensor_in_two_files_is_refused()
    {
        Shard(1, 2, 2, "t");
        Shard(2, 2, 2, "t");

        Refused(_folder.File("made-00001-of-00002.gguf"), "'t'", "also in another file");
    }

    [Fact]
    public void A_count_of_tensors_that_is_not_theirs_is_refused()
    {
        Shard(1, 2, 2, "t");
        Shard(2, 2, 3, "u");

        Refused(_folder.File("made-00001-of-00002.gguf"), "split.tensors.count", "says 3", "2 tensors");
    }

    [Fact]
    public void Files_that_contradict_each_other_are_refused()
    {
        Shard(1, 2, 2, "t", ("general.name", "one"));
        Shard(2, 2, 2, "u", ("general.name", "two"));

        Refused(_folder.File("made-00001-of-00002.gguf"), "general.name", "differs");
    }

    [Fact]
    public void A_damaged_file_is_the_one_that_is_named()
    {
        IReadOnlyList<string> paths = Split();
        byte[] bytes = File.ReadAllBytes(paths[1]);
        File.WriteAllBytes(paths[1], bytes[..^64]);

        Assert.Equal(paths[1], Refused(paths[0], "past the end").FilePath);
    }

    [Theory]
    [InlineData("a-00002-of-00003.gguf", "a", 2, 3)]
    [InlineData("x/a-b-00010-of-00010.GGUF", "x/a-b", 10, 10)]
    public void Names_of_shards_are_read(string path, string prefix, int number, int count) =>
        Assert.Equal(new GgufShardName(prefix, number, count), GgufShardName.Parse(path));

    [Theory]
    [InlineData("a.gguf")]
    [InlineData(".gguf")]
    [InlineData("a-0001-of-00003.gguf")]
    [InlineData("a-00001-of-0000x.gguf")]
    [InlineData("a-+0001-of-00003.gguf")]
    [InlineData("a-00001-of-00003.bin")]
    [InlineData("a 00001-of-00003.gguf")]
    public void Other_names_are_not(string path) => Assert.Null(GgufShardName.Parse(path));

    private IReadOnlyList<string> Split() => Sample.Writer().SaveSplit(_folder.File("model"), 336);

    private void Shard(int number, int count, int tensors, string tensor, params ReadOnlySpan<(string Key, GgufValue Value)> more)
    {
        OrderedDictionary<string, GgufValue> metadata = new()
        {
            ["split.no"] = GgufValue.Of((ushort)(number - 1)),
            ["split.count"] = GgufValue.Of((ushort)count),
            ["split.tensors.count"] = tensors,
        };
        foreach ((string key, GgufValue value) in more)
            metadata.Add(key, value);

        string path = new GgufShardName(_folder.File("made"), number, count).Path(number);
        using FileStream stream = File.Create(path);
        new GgufShardWriter(path, metadata, [new GgufTensorSource(tensor, TensorType.I8, [1], 1, data => data.WriteByte(1))]).Write(stream);
    }

    private static GgufException Refused(string path, params string[] words)
    {
        GgufException refused = Assert.Throws<GgufException>(() => GgufFile.Open(path));
        Assert.All(words, word => Assert.Contains(word, refused.Message));
        return refused;
    }
}
