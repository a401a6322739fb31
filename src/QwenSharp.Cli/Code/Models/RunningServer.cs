using System.Text.Json;
using QwenSharp.Cli.Doctor;

namespace QwenSharp.Cli.Code.Models;

/// <summary>A server of OpenAI's protocol, asked which models it has.</summary>
internal static class RunningServer
{
    /// <summary>Where a server of this machine usually is.</summary>
    public static Uri Usual { get; } = new("http://127.0.0.1:8080");

    /// <summary>The first model of a server, with the tokens of its context (0 where it does not say); null where there is none.</summary>
    /// <param name="address">The server's, with <c>/v1</c> or without.</param>
    /// <param name="key">The key to show; null for none.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<(string Name, int ContextLength)?> FirstModelAsync(
        Uri address, string? key, TimeSpan patience, CancellationToken stop)
    {
        try
        {
            using Patient server = new(address, key, patience);
            Reply reply = await server.GetAsync("v1/models", stop).ConfigureAwait(false);
            return reply.Status == 200 && reply.Json.At("data").At(0) is { } first && first.At("id").Text() is { } name
                ? (name, (int)(first.At("max_model_len").Number() ?? first.At("context_length").Number() ?? 0))
                : null;
        }
        catch (Exception absent) when (absent is HttpRequestException or JsonException or OperationCanceledException
            && !stop.IsCancellationRequested)
        {
            return null;
        }
    }
}
