using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Tests;

public class JsonTextTests
{
    [Theory]
    [InlineData("""{"a":"\ud83d\ude00 \\ud800 \u0041"}""")]
    [InlineData("""[]""")]
    [InlineData("""{"a":"\\\\","b":"\"\\"}""")]
    [InlineData("")]
    [InlineData("\\u")]
    public void Text_that_is_Unicode_passes(string json) => Assert.Null(JsonText.Find(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("""{"a":"\ud800"}""", "a")]
    [InlineData("""{"a":{"b":[1,"x",["y","\udc00"]]}}""", "a.b[2][1]")]
    [InlineData("""{"a":[{"b":1},{"c":"\ud800\u0041"}]}""", "a[1].c")]
    [InlineData("""{"a":{"\ud800":1}}""", """a.\ud800""")]
    [InlineData("""{"a":{},"b":"\uD83D"}""", "b")]
    [InlineData("""{"a":[[],{}],"b":["\\\udfff"]}""", "b[0]")]
    [InlineData("\"\\ud800\"", null)]
    [InlineData("{]\\ud800", null)]
    public void Half_of_a_pair_is_found_with_its_place(string json, string? path)
    {
        JsonTextFault fault = JsonText.Find(Encoding.UTF8.GetBytes(json))!;

        Assert.Equal((path, "it holds half of a surrogate pair"), (fault.Path, fault.Reason));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_found_with_their_place()
    {
        byte[] json = [.. "{\"a\":[\"é\",\""u8, 0xC3, 0x28, .. "\"]}"u8];

        Assert.Equal(new JsonTextFault("a[1]", "the byte at offset 12 is not UTF-8"), JsonText.Find(json));
    }

    [Fact]
    public void What_passes_can_be_read_to_the_last_string() => Prop.ForAll(
        Gen.Elements("\\", "u", "d800", "dc00", "\\ud83d", "\\ude00", "\"", "a", "0", "\\\\", "é").ListOf().Select(string.Concat).ToArbitrary(),
        text =>
        {
            byte[] json = Encoding.UTF8.GetBytes($"[\"{text}\"]");
            JsonTextFault? fault = JsonText.Find(json);
            try
            {
                using JsonDocument document = JsonDocument.Parse(json);
                bool whole = true;
                try
                {
                    foreach (JsonElement item in document.RootElement.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String))
                        _ = item.GetString();
                }
                catch (InvalidOperationException)
                {
                    whole = false;
                }

                return whole == (fault is null);
            }
            catch (JsonException)
            {
                // What is no JSON is refused as such.
                return true;
            }
        }).QuickCheckThrowOnFailure();
}
