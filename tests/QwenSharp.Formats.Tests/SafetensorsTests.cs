using System.Buffers.Binary;
using System.Text;
using QwenSharp.Numerics;

namespace QwenSharp.Formats.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A small valid file.</summary>
    public static byte[] Sample()
    {
        using TemporaryFolder folder = new();
        Writer().Save(folder.File("sample.safetensors"));
        return File.ReadAllBytes(folder.File("sample.safetensors"));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        Writer().Save(_folder.File("a.safetensors"));
        using SafetensorsFile file = SafetensorsFile.Open(_folder.File("a.safetensors"));

        Assert.Equal(
            ["model.norm.weight F32 [3]", "lm_head.weight BF16 [2, 3]", "täglich F8_E4M3 [1, 5]", "none I32 [0, 4]", "scalar I64 []"],
            file.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.True(file.TryGetTensor("lm_head.weight", out SafetensorsTensor? head));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], head.Bytes(0, 12).ToArray());
        Tensor view = head.View("output.weight", TensorType.BF16, [3, 2]);
        Assert.Equal([6, 7, 8, 9, 10, 11], view.RowData(1).ToArray());
        Assert.Throws<ArgumentException>(() => head.View("output.weight", TensorType.BF16, [3, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => head.Bytes(8, 5).Length);
        Assert.Equal(["a.safetensors"], _folder.Names());
    }

    [Fact]
    public void The_header_pads_the_data_to_eight_bytes_and_a_file_may_do_without()
    {
        byte[] bytes = Sample();
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);

        byte[] odd = Raw("""{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]} }""", 2);
        Assert.Equal(1, odd.Length % 2);
        using SafetensorsFile file = SafetensorsFile.Open(_folder.Write("odd.safetensors", odd));
        Assert.False(file.Tensors.Single().IsAligned);
    }

    [Theory]
    [InlineData("", 0, "does not begin with '{'")]
    [InlineData("[]", 0, "does not begin with '{'")]
    [InlineData("{", 0, "not the JSON")]
    [InlineData("{}x", 0, "not the JSON")]
    [InlineData("""{"a":1}""", 0, "tensor 'a' is Number where StartObject belongs")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        8,
        "the name 'a' appears twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"dtype":"F32"}}""", 4, "has 'dtype' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "needs 'dtype', 'shape' and two 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "two 'data_offsets'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "more than 2 elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, "unknown property 'more'")]
    [InlineData("""{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}""", 4, "the type 'F4'")]
    [InlineData("""{"a":{"dtype":"3","shape":[1],"data_offsets":[0,1]}}""", 1, "the type '3'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "no whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0.5],"data_offsets":[0,4]}}""", 4, "no whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets are [4, 0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "ends at byte 4 of the data")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "1 bytes follow the last tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "4 bytes before tensor 'a' belong to none")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""",
        6,
        "tensor 'b' overlaps another")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "__metadata__['a'] is Number")]
    [InlineData("""{"__metadata__":{"a":{"b":{"c":{"d":{}}}}}}""", 0, "__metadata__['a'] is StartObject")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[[[[[]]]]],"data_offsets":[0,4]}}""",
        4,
        "an element of the shape of tensor 'a' is StartArray")]
    public void A_header_that_lies_is_refused_with_the_reason(string json, int dataBytes, string reason)
    {
        string path = _folder.Write("bad.safetensors", Raw(json, dataBytes));
        SafetensorsException refusal = Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path, refusal.Message);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_longer_than_the_file_or_the_bound_is_refused()
    {
        byte[] bytes = Sample();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 7);
        Assert.Contains("runs past the end", Refusal(bytes), StringComparison.Ordinal);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, -1);
        Assert.Contains("are allowed", Refusal(bytes), StringComparison.Ordinal);
        Assert.Contains("git lfs pull", Refusal("version https://git-lfs.github.com/spec/v1\n"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("at least 8 bytes", Refusal([1, 2]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_would_garble_a_terminal_is_shown_without_its_control_characters()
    {
        string message = Refusal(Raw("{\"\\u001b[2J" + new string('x', 1000) + "\":1}", 0));
        Assert.DoesNotContain('\e', message);
        Assert.InRange(message.Length, 0, 400);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(1000)]
    public void A_sharded_model_is_read_as_one(long maxBytes)
    {
        Writer().SaveSharded(_folder.Root, maxBytes);
        using SafetensorsModel model = SafetensorsModel.Open(_folder.Root);
        Assert.Equal(
            ["lm_head.weight", "model.norm.weight", "none", "scalar", "täglich"],
            model.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            maxBytes > 100 ? 1
                : maxBytes > 10 ? 3
                : 5,
            model.Files.Count);
    }

    [Fact]
    public void Shards_and_index_must_agree()
    {
        Writer().SaveSharded(_folder.Root, 1);
        string index = _folder.File(SafetensorsModel.IndexName), whole = File.ReadAllText(index);
        void Refuses(string json, string reason)
        {
            File.WriteAllText(index, json);
            Assert.Contains(
                reason,
                Assert.ThrowsAny<IOException>(() => SafetensorsModel.Open(_folder.Root)).Message,
                StringComparison.Ordinal);
        }

        Refuses(whole.Replace("model-00001-of-00005", "model-00009-of-00005"), "model-00009-of-00005.safetensors', which is missing");
        Refuses(whole.Replace("model-00001-of-00005", "model-00002-of-00005"), "tensor 'model.norm.weight' is not in");
        Refuses(whole.Replace("model-00001-of-00005.safetensors", "../secret"), "is no file name");
        Refuses(whole.Replace("\"none\"", "\"nothing\""), "tensor 'none' is not in the index");
        Refuses("{}", "'weight_map' is missing");
        Refuses("""{"weight_map":{"a":1}}""", "'weight_map.a' is 1, not a text");
        Refuses("""{"weight_map":{"a":"b","a":"c"}}""", "not valid JSON");
        Refuses("nonsense", "not valid JSON");
    }

    [Fact]
    public void A_writer_that_fails_leaves_nothing_behind()
    {
        SafetensorsWriter writer = new SafetensorsWriter().Add("a", SafetensorsType.U8, [4], stream => stream.WriteByte(1));
        Assert.Throws<InvalidOperationException>(() => writer.Save(_folder.File("a.safetensors")));
        Assert.Throws<ArgumentException>(() => writer.Add("a", SafetensorsType.U8, [1], new byte[1]));
        Assert.Throws<ArgumentException>(() => writer.Add("b", SafetensorsType.U8, [1], new byte[2]));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", SafetensorsType.U8, [1], new byte[1]));
        Assert.Empty(_folder.Names());
    }

    private static SafetensorsWriter Writer() => new SafetensorsWriter()
        .AddMetadata("format", "pt")
        .Add("model.norm.weight", SafetensorsType.F32, [3], new byte[12])
        .Add("lm_head.weight", SafetensorsType.BF16, [2, 3], Enumerable.Range(0, 12).Select(i => (byte)i).ToArray())
        .Add("täglich", SafetensorsType.F8_E4M3, [1, 5], new byte[] { 1, 2, 3, 4, 5 })
        .Add("none", SafetensorsType.I32, [0, 4], new byte[0])
        .Add("scalar", SafetensorsType.I64, [], new byte[8]);

    private static byte[] Raw(string json, int dataBytes)
    {
        byte[] header = Encoding.UTF8.GetBytes(json), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. new byte[dataBytes]];
    }

    private string Refusal(byte[] bytes) =>
        Assert.Throws<SafetensorsException>(() => SafetensorsFile.Open(_folder.Write("bad.safetensors", bytes))).Message;
}
