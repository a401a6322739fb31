using System.Security.Cryptography;
using System.Text;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Http;

/// <summary>
/// Lets only those in who have the key, as <c>Authorization: Bearer KEY</c>. Whether the server is alive everybody may know.
/// </summary>
internal sealed class ApiKeyGuard(RequestDelegate next, string key)
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _hash = Hash(key);

    public Task InvokeAsync(HttpContext http)
    {
        string header = http.Request.Headers.Authorization.ToString();
        bool hasKey = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Hash(header[Scheme.Length..].Trim()), _hash);
        if (hasKey || http.Request.Path == "/health")
            return next(http);

        http.Response.Headers.WWWAuthenticate = "Bearer";
        throw new OpenAIException(
            StatusCodes.Status401Unauthorized,
            "invalid_request_error",
            header.Length == 0
                ? "This server needs its API key, in the header 'Authorization: Bearer KEY'."
                : "The API key in the header 'Authorization' is not the one of this server.",
            code: "invalid_api_key");
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
