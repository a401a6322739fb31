namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>Bytes that are not in the provider's form.</summary>
internal sealed class WireFormatException(string message) : Exception(message);
