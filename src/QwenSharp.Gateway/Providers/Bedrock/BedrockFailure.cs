using System.Text.Json;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>An exception in the middle of a stream, which the frame names.</summary>
internal static class BedrockFailure
{
    public static ProviderException Of(ProviderSettings settings, WireForm form, WireEvent read)
    {
        using JsonDocument said = JsonDocument.Parse(read.Data.IsEmpty ? "{}"u8.ToArray() : read.Data);
        ErrorBody body = ErrorBody.Read(said.RootElement, status: null);
        return new ProviderException(ErrorReader.Read(
            settings, form, body with { Codes = [.. body.Codes, read.Name?.ToLowerInvariant() ?? ""] }));
    }
}
