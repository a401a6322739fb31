namespace QwenSharp.Formats.Tests;

/// <summary>Files that must be refused, each for its own reason.</summary>
public sealed class GgufHostileTests
{
    private const GgufValueType U8 = GgufValueType.UInt8;

    [Fact]
    public void The_raw_writer_makes_files_that_open() =>
        Assert.Single(Read(new RawGguf(1, 1).Entry("key", U8, 1).Tensor("t", 0, 0, 8).Data(32)).Tensors);

    [Fact]
    public void An_empty_file() => Refused([], "ends inside the magic");

    [Fact]
    public void Another_format() => Refused(new RawGguf(0, 0, magic: "PK\u0003\u0004"), "not a GGUF file");

    [Fact]
    public void A_ggml_file_from_before_GGUF() => Refused(new RawGguf(0, 0, magic: "tjgg"), "before GGUF");

    [Fact]
    public void A_git_lfs_pointer() => Refused("version https://git-lfs.github.com/spec/v1\noid sha256:00"u8.ToArray(), "git lfs pull");

    [Theory]
    [InlineData(0, "version 0")]
    [InlineData(1, "version 1")]
    [InlineData(4, "version 4")]
    [InlineData(0x03000000, "big-endian")]
    [InlineData(0x02000000, "big-endian")]
    public void Versions_that_this_build_does_not_read(uint version, string reason) => Refused(new RawGguf(0, 0, version), reason);

    [Theory]
    [InlineData(1ul << 60)]
    [InlineData(ulong.MaxValue)]
    [InlineData(uint.MaxValue)]
    [InlineData(1000ul)]
    public void More_of_anything_than_the_file_can_hold(ulong count)
    {
        Refused(new RawGguf(count, 0), "tensor count");
        Refused(new RawGguf(0, count), "metadata count");
        Refused(new RawGguf(0, 1).UInt64(count).Raw(new byte[6]), "key of");
        Refused(new RawGguf(0, 1).Text("k").UInt32((uint)GgufValueType.String).UInt64(count), "'k'", "string of");
        foreach (GgufValueType type in Enum.GetValues<GgufValueType>())
            Refused(new RawGguf(0, 1).Array("k", type, count).Raw(1), "'k'", "array count");
    }

    [Fact]
    public void More_entries_or_tensors_than_any_model_has()
    {
        byte[] entries = new byte[24 + 65_537 * 14];
        new RawGguf(0, 65_537).ToArray().CopyTo(entries, 0);
        Refused(entries, "metadata count is 65537; at most 65536");

        byte[] tensors = new byte[24 + 1_048_577 * 33];
        new RawGguf(1_048_577, 0).ToArray().CopyTo(tensors, 0);
        Refused(tensors, "tensor count is 1048577; at most 1048576");
    }

    [Fact]
    public void A_string_array_whose_last_string_runs_past_the_end() =>
        Refused(new RawGguf(0, 1).Array("k", GgufValueType.String, 2).Text("ok").UInt64(9).Raw(1, 2), "'k'", "string 1 of 9 bytes");

    [Fact]
    public void Every_truncation()
    {
        byte[] whole = Sample.Bytes();
        for (int length = 0; length < whole.Length - 30; length++)
            Assert.Throws<GgufException>(() => GgufHeader.Read("f", whole.AsSpan(0, length), length));
    }

    [Fact]
    public void Bytes_after_the_end() => Refused([.. Sample.Bytes(), .. new byte[32]], "62 bytes follow");

    [Fact]
    public void Two_files_joined() => Refused([.. Sample.Bytes(), .. Sample.Bytes()], "two were joined");

    [Fact]
    public void An_unknown_value_type() => Refused(new RawGguf(0, 1).Text("k").UInt32(13).Raw(new byte[8]), "'k'", "value type 13");

    [Fact]
    public void An_unknown_array_element_type() => Refused(new RawGguf(0, 1).Array("k", (GgufValueType)99, 0), "'k'", "element type 99");

    [Fact]
    public void A_bool_that_is_neither_true_nor_false()
    {
        Refused(new RawGguf(0, 1).Entry("k", GgufValueType.Bool, 2), "'k'", "a bool is 2");
        Refused(new RawGguf(0, 1).Array("k", GgufValueType.Bool, 3).Raw(0, 1, 255), "'k'", "a bool is 255");
    }

    [Fact]
    public void Invalid_utf8()
    {
        Refused(new RawGguf(0, 1).Text(0xC3).UInt32((uint)U8).Raw(1), "key is not valid UTF-8");
        Refused(new RawGguf(0, 1).Text("k").UInt32((uint)GgufValueType.String).Text(0xED, 0xA0, 0x80), "'k'", "not valid UTF-8");
        Refused(new RawGguf(0, 1).Array("k", GgufValueType.String, 2).Text("ok").Text(0xFF), "'k'", "string 1 is not valid UTF-8");
        Refused(new RawGguf(1, 0).Text(0xC3, 0x28).Raw(new byte[40]), "name is not valid UTF-8");
    }

    [Fact]
    public void Names_that_no_one_could_type_or_print()
    {
        Refused(new RawGguf(0, 1).Entry("", U8, 1, 1), "key has 0 bytes");
        Refused(new RawGguf(0, 1).Entry(new string('k', 65_536), U8, 1), "key has 65536 bytes");
        Refused(new RawGguf(0, 1).Entry("k\u001b[2J", U8, 1), "control character");
        Refused(new RawGguf(1, 0).Tensor("t\0", 0, 0, 8).Data(32), "control character");
    }

    [Fact]
    public void The_same_key_or_tensor_twice()
    {
        Refused(new RawGguf(0, 2).Entry("k", U8, 1).Entry("k", U8, 1), "'k'", "twice");
        Refused(new RawGguf(2, 0).Tensor("t", 0, 0, 8).Tensor("t", 0, 32, 8).Data(64), "'t'", "twice");
    }

    [Fact]
    public void Arrays_nested_too_deep()
    {
        Assert.Single(Read(Nested(3)).Metadata);
        Refused(Nested(4), "'k'", "nest deeper");
        Refused(Nested(100_000), "'k'", "nest deeper");

        static RawGguf Nested(int wrappers)
        {
            RawGguf raw = new RawGguf(0, 1).Text("k").UInt32((uint)GgufValueType.Array);
            for (int i = 0; i < wrappers; i++)
                raw.UInt32((uint)GgufValueType.Array).UInt64(1);

            return raw.UInt32((uint)U8).UInt64(1).Raw(7);
        }
    }

    [Fact]
    public void Dimensions_that_no_tensor_has()
    {
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0).Data(32), "'t'", "0 dimensions");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0, 1, 1, 1, 1, 1).Data(32), "'t'", "5 dimensions");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0, 8, 0).Data(32), "'t'", "dimension 1 is 0");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0, 1ul << 32, 1ul << 32).Data(32), "'t'", "overflows");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0, ulong.MaxValue).Data(32), "'t'", "overflows");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0, 1ul << 62).Data(32), "'t'", "size in bytes overflows");
        Refused(new RawGguf(1, 0).Tensor("t", 8, 0, 48).Data(64), "'t'", "whole blocks of 32");
        Refused(new RawGguf(1, 0).Tensor("t", 12, 0, 128, 2).Data(288), "'t'", "whole blocks of 256");
    }

    [Theory]
    [InlineData(4u, "removed")]
    [InlineData(12_345u, "unknown")]
    [InlineData(uint.MaxValue, "unknown")]
    [InlineData(0x80000000u, "unknown")]
    public void Storage_types_that_this_build_cannot_read(uint type, string reason) =>
        Refused(new RawGguf(1, 0).Tensor("t", type, 0, 256).Data(1024), "'t'", reason);

    [Fact]
    public void Tensors_that_lie_where_they_cannot()
    {
        Refused(new RawGguf(1, 0).Tensor("t", 0, 0, 9).Data(32), "'t'", "past the end");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 32, 8).Data(32), "'t'", "past the end");
        Refused(new RawGguf(1, 0).Tensor("t", 0, long.MaxValue - 31, 8).Data(32), "'t'", "past the end");
        Refused(new RawGguf(1, 0).Tensor("t", 24, 0, long.MaxValue).Data(32), "'t'", "past the end");
        Refused(new RawGguf(1, 0).Tensor("t", 0, ulong.MaxValue - 31, 8).Data(32), "'t'", "past the end of any file");
        Refused(new RawGguf(1, 0).Tensor("t", 0, 4, 4).Data(32), "'t'", "not a multiple of the alignment 32");
        Refused(new RawGguf(2, 0).Tensor("t", 0, 0, 16).Tensor("u", 0, 32, 8).Data(64), "'u'", "overlaps", "'t'");
        Refused(new RawGguf(2, 0).Tensor("t", 0, 0, 8).Tensor("u", 0, 0, 8).Data(32), "overlaps");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(48)]
    [InlineData(0x80000000)]
    public void An_alignment_that_is_no_power_of_two(uint alignment) =>
        Refused(new RawGguf(0, 1).Entry("general.alignment", GgufValueType.UInt32, BitConverter.GetBytes(alignment)), "general.alignment");

    [Fact]
    public void An_alignment_of_another_type() =>
        Refused(new RawGguf(0, 1).Entry("general.alignment", GgufValueType.UInt64, BitConverter.GetBytes(32ul)), "general.alignment");

    [Fact]
    public void An_alignment_larger_than_the_file() =>
        Refused(
            new RawGguf(1, 1)
                .Entry("general.alignment", GgufValueType.UInt32, BitConverter.GetBytes(1u << 30))
                .Tensor("t", 0, 0, 8)
                .Data(32),
            "past the end");

    [Fact]
    public void A_header_larger_than_2_GiB_is_refused_with_that_reason()
    {
        byte[] window = new RawGguf(0, 1).UInt64(1ul << 33).Raw(1, 2, 3).ToArray();
        GgufException refused = Assert.Throws<GgufException>(() => GgufHeader.Read("f", window, 1L << 40));
        Assert.Contains("a header may take", refused.Message);
    }

    private static GgufHeader Read(RawGguf raw) => GgufHeader.Read("f", raw.ToArray(), raw.ToArray().Length);

    private static void Refused(RawGguf raw, params string[] words) => Refused(raw.ToArray(), words);

    private static void Refused(byte[] bytes, params string[] words)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("hostile.gguf", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        GgufException refused = Assert.Throws<GgufException>(() => GgufFile.Open(path));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.StartsWith(path, refused.Message);
        Assert.All(words, word => Assert.Contains(word, refused.Message));
        Assert.InRange(refused.Offset!.Value, 0, bytes.Length);
        Assert.InRange(allocated, 0, 10 * bytes.Length + 200_000);
    }
}
