using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>The marks of what is to be kept for later prompts: a request may have four.</summary>
internal sealed class ChatMarks(ChatHabits habits, string model, Losses losses)
{
    private const int Most = 4;

    private int _written;

    /// <summary>Writes one.</summary>
    /// <param name="part">The part or tool that it stands on.</param>
    /// <param name="lifetime">How long it is to be kept; empty where that is left open, null for no mark.</param>
    /// <param name="path">Where in the call that is.</param>
    public void Write(JsonObject part, string? lifetime, string path)
    {
        if (lifetime is null)
            return;

        if (_written == Most || !habits.Mark(part, lifetime, model))
        {
            losses.Add($"{path}.cache_control");
            return;
        }

        _written++;
        losses.AddIf(lifetime.Length > 0 && !habits.Lifetimes.Contains(lifetime), $"{path}.cache_control.ttl");
    }
}
