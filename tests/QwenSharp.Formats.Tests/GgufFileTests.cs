using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Versions_2_and_3_open(byte version)
    {
        byte[] bytes = Sample.Bytes();
        bytes[4] = version;
        using GgufFile file = Open(bytes);

        Assert.Equal(version, file.Version);
        Assert.Equal(Sample.Metadata, file.Metadata.Select(entry => (entry.Key, entry.Value)));
        Every.Value(file);
    }

    [Fact]
    public void Tensors_are_views_with_the_names_types_shapes_and_bytes_of_the_file()
    {
        using GgufFile file = Open(Sample.Bytes());

        Assert.Equal(Sample.Tensors.Select(tensor => tensor.Name), file.Tensors.Select(tensor => tensor.Name));
        foreach ((string name, TensorType type, long[] shape) in Sample.Tensors)
        {
            Tensor tensor = file.GetTensor(name);
            Assert.Equal(type, tensor.Type);
            Assert.Equal(shape, tensor.Shape.ToArray());
            Assert.Equal(Sample.Data(name, type, shape), tensor.Data.ToArray());
        }
    }

    [Fact]
    public void Each_value_type_reads_as_what_was_written()
    {
        using GgufFile file = Open(Sample.Bytes());
        GgufMetadata metadata = file.Metadata;

        Assert.Equal("qwen3", metadata.GetString("general.architecture"));
        Assert.Equal("Täglich 千问 🙂", metadata.GetString("general.name"));
        Assert.Equal("", metadata.GetString("a.empty"));
        Assert.Equal(200, metadata.GetInt32("a.uint8"));
        Assert.Equal(-100, metadata.GetInt32("a.int8"));
        Assert.Equal(60_000u, metadata.GetUInt32("a.uint16"));
        Assert.Equal(-30_000, metadata.GetInt64("a.int16"));
        Assert.Equal(uint.MaxValue, metadata.GetUInt32("a.uint32"));
        Assert.Equal(int.MinValue, metadata.GetInt32("a.int32"));
        Assert.Equal(long.MinValue, metadata.GetInt64("a.int64"));
        Assert.Equal(1e6f, metadata.GetFloat("a.float32"));
        Assert.Equal(0.25f, metadata.GetFloat("a.float64"));
        Assert.True(metadata.GetBool("a.bool"));
        Assert.Equal([1, -2, 3], metadata.GetInt32Array("a.int32s"));
        Assert.Equal([1, 2, 255], metadata.GetInt32Array("a.uint8s"));
        Assert.Equal([0.5f, -1f], metadata.GetFloatArray("a.float32s"));
        Assert.Equal([true, false, true], metadata.GetBoolArray("a.bools"));
        Assert.Equal(["a", "", "Ġthe", "🙂"], metadata.GetStringArray("a.strings").ToStrings());
        Assert.Equal([], metadata.GetInt32Array("a.none"));

        Assert.True(metadata.TryGetValue("a.uint64", out GgufValue? large));
        Assert.True(large.TryGetInteger(out ulong number));
        Assert.Equal(ulong.MaxValue, number);
        Assert.True(metadata.TryGetValue("a.nested", out GgufValue? nested));
        Assert.True(nested.TryGetArrays(out GgufValue[]? arrays));
        Assert.True(arrays[0].TryGetIntegers(out int[]? first));
        Assert.Equal([1, 2], first);
        Assert.True(arrays[2].TryGetArrays(out GgufValue[]? innermost));
        Assert.Equal(GgufValue.ArrayOf<byte>(7), innermost[0]);
    }

    [Fact]
    public void A_missing_key_or_tensor_names_itself_and_the_file()
    {
        using GgufFile file = Open(Sample.Bytes());

        GgufException missing = Assert.Throws<GgufException>(() => file.Metadata.GetUInt32("qwen3.block_count"));
        Assert.Contains("qwen3.block_count", missing.Message);
        Assert.Equal(file.Path, missing.FilePath);
        Assert.Contains("blk.7", Assert.Throws<GgufException>(() => file.GetTensor("blk.7")).Message);
        Assert.False(file.Metadata.TryGetString("no.such", out _));
        Assert.False(file.Metadata.TryGetInt32Array("no.such", out _));
        Assert.False(file.TryGetTensor("no.such", out _));
    }

    [Fact]
    public void A_value_of_another_type_or_out_of_range_is_refused_with_what_it_is()
    {
        using GgufFile file = Open(Sample.Bytes());
        GgufMetadata metadata = file.Metadata;

        Refused(() => metadata.GetString("a.bool"), "a.bool", "Bool", "a String");
        Refused(() => metadata.GetBool("a.uint8"), "a.uint8", "200", "a Bool");
        Refused(() => metadata.GetFloat("a.bool"), "a.bool", "Bool", "a Float32");
        Refused(() => metadata.GetFloat("a.int64"), "a.int64", "Int64", "a Float32");
        Refused(() => metadata.GetInt32("a.uint32"), "a.uint32", "4294967295", "Int32");
        Refused(() => metadata.GetUInt32("a.int8"), "a.int8", "-100", "UInt32");
        Refused(() => metadata.GetInt64("a.uint64"), "a.uint64", "Int64");
        Refused(() => metadata.GetInt32("a.int32s"), "a.int32s", "Array of 3 Int32");
        Refused(() => metadata.GetInt32Array("a.int32"), "a.int32");
        Refused(() => metadata.GetFloatArray("a.float64s"), "a.float64s");
        Refused(() => metadata.GetStringArray("a.bools"), "a.bools", "an array of String");
        Refused(() => metadata.TryGetInt32("a.float32", out _), "a.float32");
    }

    [Fact]
    public void Numbers_and_truths_may_be_written_as_integers()
    {
        GgufMetadata metadata = new(
            "made.gguf",
            new OrderedDictionary<string, GgufValue>
            {
                ["base"] = 1_000_000u,
                ["odd"] = 16_777_217,
                ["on"] = GgufValue.Of((byte)1),
                ["off"] = 0,
            });

        Assert.Equal(1e6f, metadata.GetFloat("base"));
        Refused(() => metadata.GetFloat("odd"), "odd", "a Float32");
        Assert.True(metadata.GetBool("on"));
        Assert.False(metadata.GetBool("off"));
        Refused(() => metadata.GetBool("base"), "base", "a Bool");
    }

    [Fact]
    public void What_no_one_read_is_reported_in_the_files_order()
    {
        using GgufFile file = Open(Sample.Bytes());
        _ = file.Metadata.GetInt32("a.int8");
        _ = file.Metadata.TryGetBool("a.bool", out _);
        _ = file.Metadata.Contains("a.int16");
        _ = file.GetTensor("output_norm.weight");
        _ = CheckpointSummary.Of(file);

        IReadOnlyList<string> keys = file.Metadata.Unconsumed("a.");
        Assert.Equal(
            Sample.Metadata.Select(entry => entry.Key).Where(key => key.StartsWith("a.") && key is not ("a.int8" or "a.bool")),
            keys);
        Assert.Equal(["general.architecture", "general.name"], file.Metadata.Unconsumed("general."));
        Assert.Equal(Sample.Tensors.Select(tensor => tensor.Name).Where(name => name != "output_norm.weight"), file.UnconsumedTensors());
    }

    [Fact]
    public void Metadata_outlives_the_map()
    {
        GgufFile file = Open(Sample.Bytes());
        GgufStringArray strings = file.Metadata.GetStringArray("a.strings");
        file.Dispose();

        Assert.Equal("Ġthe", strings.GetString(2));
        Assert.Equal("qwen3", file.Metadata.GetString("general.architecture"));
    }

    [Fact]
    public void String_views_reject_an_index_outside()
    {
        using GgufFile file = Open(Sample.Bytes());
        GgufStringArray strings = file.Metadata.GetStringArray("a.strings");

        Assert.Equal(4, strings.Count);
        Assert.Equal(4, strings.Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => strings[4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => strings[-1]);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(4096)]
    public void The_alignment_is_the_files_own(int alignment)
    {
        using GgufFile file = Open(Sample.Bytes(("general.alignment", (uint)alignment)));

        Assert.Equal(alignment, file.Alignment);
        Every.Value(file);
        foreach ((string name, TensorType type, long[] shape) in Sample.Tensors)
            Assert.Equal(Sample.Data(name, type, shape), file.GetTensor(name).Data.ToArray());
    }

    [Fact]
    public void A_missing_file_is_the_systems_own_exception() =>
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(_folder.File("none.gguf")));

    [Fact]
    public void A_vocabulary_of_300_000_strings_is_held_in_little_more_than_its_own_bytes()
    {
        string[] tokens = [.. Enumerable.Range(0, 300_000).Select(i => $"token{i}")];
        new GgufWriter().Add("tokens", GgufValue.ArrayOf(tokens)).Save(_folder.File("vocabulary.gguf"));
        long size = new FileInfo(_folder.File("vocabulary.gguf")).Length;

        long before = GC.GetAllocatedBytesForCurrentThread();
        using GgufFile file = GgufFile.Open(_folder.File("vocabulary.gguf"));
        GgufStringArray strings = file.Metadata.GetStringArray("tokens");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // One copy of the header and four bytes for each string's place.
        Assert.InRange(allocated, 0, size + 4 * tokens.Length + 100_000);
        Assert.Equal(tokens[299_999], strings.GetString(299_999));
    }

    private static void Refused(Func<object?> read, params string[] words)
    {
        string message = Assert.Throws<GgufException>(read).Message;
        Assert.All(words, word => Assert.Contains(word, message));
    }

    private GgufFile Open(byte[] bytes) => GgufFile.Open(_folder.Write("file.gguf", bytes));
}
