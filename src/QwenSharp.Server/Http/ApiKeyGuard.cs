using System.Security.Cryptography;
using System.Text;
using QwenSharp.Server.Dialects;

namespace QwenSharp.Server.Http;

/// <summary>Lets only those in who have the key, in the header of their dialect. Whether the server is alive everybody may know.</summary>
internal sealed class ApiKeyGuard(RequestDelegate next, string key, DialectSet dialects)
{
    private readonly byte[] _hash = Hash(key);

    public Task InvokeAsync(HttpContext http)
    {
        IDialect dialect = dialects.Of(http);
        string? given = dialect.KeyOf(http.Request);
        if (Health.IsAsked(http.Request) || (given is not null && CryptographicOperations.FixedTimeEquals(Hash(given), _hash)))
            return next(http);

        throw new HttpFault(
            StatusCodes.Status401Unauthorized,
            HttpFaultKind.Key,
            given is null
                ? $"This server needs its API key, in {dialect.KeyPlace}."
                : $"The API key in {dialect.KeyPlace} is not the one of this server.");
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
