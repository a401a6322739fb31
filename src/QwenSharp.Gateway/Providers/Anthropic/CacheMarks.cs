using System.Text.Json.Nodes;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>The marks of what is to be kept for later prompts: a request may have four.</summary>
internal sealed class CacheMarks(Losses losses)
{
    private const int Most = 4;

    private int _written;

    /// <summary>Writes one.</summary>
    /// <param name="block">What it stands on.</param>
    /// <param name="lifetime">How long; empty where that is left open, null for no mark.</param>
    /// <param name="path">Where in the call that is.</param>
    public void Write(JsonObject block, string? lifetime, string path)
    {
        if (lifetime is null)
            return;

        if (_written == Most)
        {
            losses.Add($"{path}.cache_control");
            return;
        }

        JsonObject control = new() { ["type"] = "ephemeral" };
        if (lifetime is "5m" or "1h")
            control["ttl"] = lifetime;

        losses.AddIf(lifetime is not ("" or "5m" or "1h"), $"{path}.cache_control.ttl");
        block["cache_control"] = control;
        _written++;
    }
}
