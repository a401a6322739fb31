using System.Text.Json;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>A request of the reference data and the call that it is written of.</summary>
/// <param name="Path">The file.</param>
/// <param name="Kind">The provider.</param>
/// <param name="Call">The call, with the texts and data of the file.</param>
internal sealed record RequestCase(string Path, ProviderKind Kind, Func<JsonElement, ProviderCall> Call)
{
    /// <summary>What the file has and the call does not ask for, or asks for in another of the documented spellings.</summary>
    public string[] Without { get; init; } = [];

    /// <summary>What of the call the provider cannot carry.</summary>
    public string[] Losses { get; init; } = [];
}
