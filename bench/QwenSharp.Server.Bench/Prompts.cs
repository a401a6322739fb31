using System.Text.Json.Nodes;

namespace QwenSharp.Server.Bench;

/// <summary>Conversations of random words, about a token each: the same for the same seed.</summary>
internal static class Prompts
{
    private static readonly string[] Words =
    [
        "alpha", "river", "mountain", "engine", "window", "paper", "orange", "seven", "kettle", "silver",
        "random", "planet", "garden", "music", "table", "winter", "yellow", "market", "bridge", "letter",
        "morning", "stone", "island", "number", "forest", "simple", "travel", "copper",
    ];

    public static string Text(int words, int seed)
    {
        Random random = new(seed);
        return string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)]));
    }

    /// <summary>A question of its own behind instructions that all have in common.</summary>
    public static JsonArray Question(int shared, int words, int seed) =>
    [
        Message("system", Text(shared, seed: 1)),
        Message("user", Text(words, seed)),
    ];

    public static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
