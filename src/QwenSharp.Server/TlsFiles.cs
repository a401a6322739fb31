namespace QwenSharp.Server;

/// <summary>A certificate and its key, in PEM. Files that are replaced are read again by the connections that come then.</summary>
/// <param name="Certificate">The certificate, and those of the authorities between it and one that clients trust.</param>
/// <param name="Key">Its private key, without a password.</param>
public sealed record TlsFiles(string Certificate, string Key);
