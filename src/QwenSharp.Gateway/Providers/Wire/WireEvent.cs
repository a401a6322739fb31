namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>One message of a stream.</summary>
/// <param name="Name">What it is, where the form names it.</param>
/// <param name="Data">What it says.</param>
internal readonly record struct WireEvent(string? Name, ReadOnlyMemory<byte> Data)
{
    /// <summary>The last comments before it; null for none.</summary>
    public IReadOnlyList<string>? Comments { get; init; }

    /// <summary>Whether it says that the stream failed, by its frame alone.</summary>
    public bool IsException { get; init; }
}
