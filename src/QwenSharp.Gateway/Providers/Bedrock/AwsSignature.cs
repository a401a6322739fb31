using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>
/// Signs requests to Amazon: Signature Version 4
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
/// </summary>
internal static class AwsSignature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The headers that make a POST a signed one.</summary>
    /// <param name="credentials">What signs.</param>
    /// <param name="region">The region of the service.</param>
    /// <param name="service">The service's name in signatures.</param>
    /// <param name="address">Where the request goes.</param>
    /// <param name="body">The JSON that is sent.</param>
    /// <param name="time">When.</param>
    public static Dictionary<string, string> Headers(
        AwsCredentials credentials, string region, string service, Uri address, byte[] body, DateTimeOffset time)
    {
        string stamp = time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture), day = stamp[..8];
        SortedDictionary<string, string> signed = new(StringComparer.Ordinal)
        {
            ["content-type"] = "application/json",
            ["host"] = address.IsDefaultPort ? address.Host : $"{address.Host}:{address.Port}",
            ["x-amz-date"] = stamp,
        };
        if (credentials.SessionToken is { } token)
            signed["x-amz-security-token"] = token;

        string names = string.Join(';', signed.Keys);

        // The path is encoded once more than it is sent.
        string path = string.Join('/', address.AbsolutePath.Split('/').Select(Uri.EscapeDataString));
        string request = string.Join(
            '\n',
            "POST",
            path,
            address.Query.TrimStart('?'),
            string.Concat(signed.Select(header => $"{header.Key}:{header.Value.Trim()}\n")),
            names,
            Hex(SHA256.HashData(body)));
        string scope = $"{day}/{region}/{service}/aws4_request";
        string text = string.Join('\n', Algorithm, stamp, scope, Hex(SHA256.HashData(Encoding.UTF8.GetBytes(request))));
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + credentials.SecretAccessKey);
        foreach (string part in (string[])[day, region, service, "aws4_request"])
            key = Hash(key, part);

        Dictionary<string, string> headers = new()
        {
            ["x-amz-date"] = stamp,
            ["Authorization"] =
                $"{Algorithm} Credential={credentials.AccessKeyId}/{scope}, SignedHeaders={names}, Signature={Hex(Hash(key, text))}",
        };
        if (credentials.SessionToken is { } sent)
            headers["x-amz-security-token"] = sent;

        return headers;
    }

    private static byte[] Hash(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
