using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Tokenizers.Tests;

public class DecodingTests
{
    private static readonly BpeTokenizer Tokenizer = TinyVocabulary.Tokenizer;

    [Fact]
    public void A_character_is_given_out_when_its_last_byte_comes()
    {
        StreamingDecoder decoder = new(Tokenizer);
        Assert.Equal(["", "", "", "😀", "x"], "😀x"u8.ToArray().Select(value => decoder.Append(Byte(value))));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void A_character_never_completed_becomes_one_replacement_character()
    {
        StreamingDecoder decoder = new(Tokenizer);
        Assert.Equal("", decoder.Append(Byte(0xF0)) + decoder.Append(Byte(0x9F)));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("a", decoder.Append(Byte((byte)'a')));
        Assert.Equal("", decoder.Append(Byte(0xE4)));
        Assert.Equal("\uFFFDa", decoder.Append(Byte((byte)'a')));
    }

    [Fact]
    public void The_parts_of_a_stream_are_the_text_of_the_whole() => Prop.ForAll<byte[]>(bytes =>
    {
        List<int> ids = [];
        Tokenizer.EncodeBytes(bytes ?? [], ids);
        return Streamed(ids) == Encoding.UTF8.GetString(bytes ?? []) && Tokenizer.Decode([.. ids]) == Encoding.UTF8.GetString(bytes ?? []);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_parts_of_any_stream_of_tokens_are_whole_characters()
    {
        Random random = new(17);
        for (int i = 0; i < 2_000; i++)
        {
            List<int> ids = [.. Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(Tokenizer.VocabularySize))];
            StreamingDecoder decoder = new(Tokenizer);
            foreach (int id in ids)
            {
                string part = decoder.Append(id);
                Assert.Equal(part, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(part)));
            }

            Assert.Equal(Tokenizer.Decode([.. ids]), Streamed(ids));
        }
    }

    [Fact]
    public void Control_tokens_can_be_left_out()
    {
        int[] ids = Tokenizer.Encode("<|im_start|>a<think>b<|im_end|>", TokenParsing.All);
        Assert.Equal("<|im_start|>a<think>b<|im_end|>", Tokenizer.Decode(ids));
        Assert.Equal("a<think>b", Tokenizer.Decode(ids, skipControl: true));
        StreamingDecoder decoder = new(Tokenizer, skipControl: true);
        Assert.Equal("a<think>b", string.Concat(ids.Select(decoder.Append)));
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_refused_by_name()
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([Tokenizer.VocabularySize]));
        Assert.Contains($"0 to {Tokenizer.VocabularySize - 1}", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StreamingDecoder(Tokenizer).Append(-1));
    }

    private static int Byte(byte value) => value;

    private static string Streamed(List<int> ids)
    {
        StreamingDecoder decoder = new(Tokenizer);
        return string.Concat(ids.Select(decoder.Append)) + decoder.Flush();
    }
}
