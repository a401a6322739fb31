using System.Text.Json.Nodes;

namespace QwenSharp.Server.Tests.Anthropic;

/// <summary>Reads streams of Anthropic's events.</summary>
internal static class MessageEvents
{
    /// <summary>The events of a stream; each names its type twice.</summary>
    public static List<(string Name, JsonNode Data)> Read(string stream)
    {
        Assert.EndsWith("\n\n", stream);
        return [.. stream[..^2].Split("\n\n").Select(next =>
        {
            string[] lines = next.Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("event: ", lines[0]);
            Assert.StartsWith("data: ", lines[1]);
            JsonNode data = JsonNode.Parse(lines[1]["data: ".Length..])!;
            Assert.Equal(lines[0]["event: ".Length..], (string?)data["type"]);
            return ((string)data["type"]!, data);
        })];
    }

    /// <summary>Asserts that events come in the order that the protocol has for them.</summary>
    public static void AssertOrder(IReadOnlyList<(string Name, JsonNode Data)> events)
    {
        List<(string Name, JsonNode Data)> told = [.. events.Where(next => next.Name != "ping")];
        Assert.Equal("message_start", told[0].Name);
        Assert.Equal(["message_delta", "message_stop"], told[^2..].Select(next => next.Name));
        int blocks = 0;
        bool isOpen = false;
        foreach ((string name, JsonNode data) in told[1..^2])
        {
            Assert.Equal(isOpen, name != "content_block_start");
            Assert.Equal(blocks, (int)data["index"]!);
            isOpen = name != "content_block_stop";
            blocks += isOpen ? 0 : 1;
        }

        Assert.False(isOpen);
    }
}
