using System.Text;
using QwenSharp.Gateway.Providers;
using QwenSharp.Gateway.Providers.Bedrock;

namespace QwenSharp.Gateway.Tests.Wire;

public class AwsSignatureTests
{
    private static readonly AwsCredentials Credentials = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    private static readonly DateTimeOffset Time = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    [Fact]
    public void The_signature_is_that_of_another_implementation()
    {
        Dictionary<string, string> headers = Sign(Credentials, "https://bedrock-runtime.us-east-1.amazonaws.com/model/a%3Ab/invoke", "{}");
        Assert.Equal("20150830T123600Z", headers["x-amz-date"]);
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, Signature=bd6193e5a71d1bb37206b061b4b89270050708c91721d0673492cba0c58799bb",
            headers["Authorization"]);
    }

    [Fact]
    public void Everything_that_is_signed_changes_the_signature()
    {
        const string Address = "https://h.example/model/m/invoke";
        string[] signatures =
        [
            Sign(Credentials, Address, "{}")["Authorization"],
            Sign(Credentials, Address, "{ }")["Authorization"],
            Sign(Credentials, Address + "x", "{}")["Authorization"],
            Sign(Credentials with { SecretAccessKey = "other" }, Address, "{}")["Authorization"],
            Sign(Credentials with { SessionToken = "lent" }, Address, "{}")["Authorization"],
        ];
        Assert.Equal(signatures.Length, signatures.Distinct().Count());
    }

    [Fact]
    public void A_lent_key_goes_with_its_token()
    {
        Dictionary<string, string> headers = Sign(Credentials with { SessionToken = "lent" }, "https://h.example/model/m/invoke", "{}");
        Assert.Equal("lent", headers["x-amz-security-token"]);
        Assert.Contains(
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,", headers["Authorization"], StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Sign(AwsCredentials credentials, string address, string body) =>
        AwsSignature.Headers(credentials, "us-east-1", "bedrock", new Uri(address), Encoding.UTF8.GetBytes(body), Time);
}
