namespace QwenSharp.Server;

/// <summary>A server without any key was to listen to other machines, and nobody said that it may.</summary>
/// <param name="host">The address to listen on.</param>
public sealed class ServerOpenException(string host) : InvalidOperationException(
    $"A server that listens on '{host}' can be reached from other machines, and there is no key: everybody could use it. Make a key, or "
        + "have it listen on this machine only.");
