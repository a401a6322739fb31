using System.Text.Json.Nodes;

namespace QwenSharp.Server.Tests;

/// <summary>The events of a streamed response, held to the order in which its clients' parsers take them.</summary>
internal static class ResponseEvents
{
    /// <summary>The events of a stream's text; each has its name twice, and a number that counts up.</summary>
    public static List<JsonNode> Read(string text)
    {
        Assert.EndsWith("\n\n", text);
        List<JsonNode> events = [.. text[..^2].Split("\n\n").Select(block =>
        {
            string[] lines = block.Split('\n');
            Assert.Equal(2, lines.Length);
            JsonNode data = JsonNode.Parse(lines[1]["data: ".Length..])!;
            Assert.Equal($"event: {data["type"]}", lines[0]);
            return data;
        })];
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(data => (int)data["sequence_number"]!));
        return events;
    }

    /// <summary>The types of events.</summary>
    public static IEnumerable<string> Types(IEnumerable<JsonNode> events) => events.Select(data => (string)data["type"]!);

    /// <summary>Asserts that items and their parts begin, go on and end in order, and that the last event holds what was said.</summary>
    public static JsonNode AssertOrder(IReadOnlyList<JsonNode> events)
    {
        Assert.Equal(["response.created", "response.in_progress"], Types(events.Take(2)));
        (JsonNode? item, string? part, string said) = (null, null, "");
        List<JsonNode> done = [];
        foreach (JsonNode data in events.Skip(2).SkipLast(1))
        {
            string type = (string)data["type"]!;
            Assert.Equal(done.Count, (int)data["output_index"]!);
            if (type == "response.output_item.added")
            {
                Assert.Null(item);
                item = data["item"];
                said = "";
                continue;
            }

            Assert.NotNull(item);
            if (type == "response.output_item.done")
            {
                Assert.Null(part);
                Assert.Equal((string)item["id"]!, (string)data["item"]!["id"]!);
                Assert.Equal((string)item["type"]!, (string)data["item"]!["type"]!);
                done.Add(data["item"]!);
                item = null;
                continue;
            }

            Assert.Equal((string)item["id"]!, (string)data["item_id"]!);
            if (type.EndsWith("part.added", StringComparison.Ordinal))
            {
                Assert.Null(part);
                part = (string)data["part"]!["type"]!;
                Assert.Equal("", (string)data["part"]!["text"]!);
            }
            else if (type.EndsWith("part.done", StringComparison.Ordinal))
            {
                Assert.Equal(part, (string)data["part"]!["type"]!);
                Assert.Equal(said, (string)data["part"]!["text"]!);
                part = null;
            }
            else if (type.EndsWith(".delta", StringComparison.Ordinal))
            {
                said += (string)data["delta"]!;
            }
            else
            {
                Assert.EndsWith(".done", type);
                Assert.Equal(said, (string)(data["text"] ?? data["arguments"] ?? data["input"])!);
            }
        }

        Assert.Null(item);
        JsonNode response = events[^1]["response"]!;
        Assert.Equal($"response.{response["status"]}", (string)events[^1]["type"]!);
        Assert.Equal(done.Select(one => one.ToJsonString()), response["output"]!.AsArray().Select(one => one!.ToJsonString()));
        return response;
    }
}
