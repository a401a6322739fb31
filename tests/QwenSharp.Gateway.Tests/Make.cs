using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests;

/// <summary>Providers and calls.</summary>
internal static class Make
{
    public static Provider Provider(ProviderKind kind, HttpMessageHandler http, string? baseUrl = null, string? key = "sk-demo") =>
        Providers.Provider.Create(Settings(kind, baseUrl, key), new HttpMessageInvoker(http));

    public static ProviderSettings Settings(ProviderKind kind, string? baseUrl = null, string? key = "sk-demo") =>
        new("acme", kind, new Uri(baseUrl ?? "https://host.example")) { ApiKey = key };

    public static ProviderCall Call(string text = "Tide?", bool stream = true, string model = "some-model") =>
        new(model, [new ChatMessage(ChatRole.User, text)], new ChatOptions()) { Stream = stream };

    /// <summary>What is written of a call.</summary>
    public static JsonElement Body(ProviderKind kind, ProviderCall call, string? baseUrl = null) =>
        JsonElement.Parse(Forms.Of(Settings(kind, baseUrl)).Write(call).Body);

    public static IReadOnlyList<string> Losses(ProviderKind kind, ProviderCall call) => Forms.Of(Settings(kind)).Write(call).Losses;
}
