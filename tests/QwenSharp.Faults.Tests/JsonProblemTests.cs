using System.Text.Json;

namespace QwenSharp.Faults.Tests;

public class JsonProblemTests
{
    [Theory]
    [InlineData("{\n  \"a\": }", "(line 2, column 8)")]
    [InlineData("{", "(line 1, column 2)")]
    [InlineData("{\"a\":1,}", "(line 1, column 8)")]
    public void A_parsers_words_come_without_those_for_programmers(string json, string place)
    {
        JsonException problem = Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(json));

        string said = JsonProblem.Of(problem);

        Assert.EndsWith(place, said);
        Assert.DoesNotContain("LineNumber", said);
        Assert.DoesNotContain("isFinalBlock", said);
        Assert.DoesNotContain("reader options", said);
    }
}
