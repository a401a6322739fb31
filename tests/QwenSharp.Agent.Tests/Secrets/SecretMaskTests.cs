using QwenSharp.Agent.Secrets;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tests.Secrets;

public sealed class SecretMaskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private SecretMask Mask(Dictionary<string, string>? environment = null) => new(new Workspace(_folder.Path), environment ?? []);

    // The forms are put together here, so that nobody takes this file for one with keys in it.
    [Theory]
    [InlineData("sk-ant-" + "api03-abcdefghijklmnopqrstu", "Anthropic key")]
    [InlineData("sk-" + "proj-abcdefghijklmnopqrstuvwx", "OpenAI key")]
    [InlineData("sk-" + "0123456789abcdef0123456789abcdef", "OpenAI key")]
    [InlineData("ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789", "GitHub token")]
    [InlineData("github_pat_" + "abcdefghijklmnopqrstuvwxyz0123456789", "GitHub token")]
    [InlineData("AKIA" + "ABCDEFGHIJKLMNOP", "AWS key")]
    [InlineData("AIza" + "abcdefghijklmnopqrstuvwxyz012345678", "Google key")]
    [InlineData("xoxb-" + "1234567890-abcdef", "Slack token")]
    [InlineData("hf_" + "abcdefghijklmnopqrstuvwxyz01234567", "Hugging Face token")]
    [InlineData("eyJ" + "hbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abcdefghijklmn", "JSON web token")]
    public void Keys_of_known_forms_are_masked(string key, string name) =>
        Assert.Equal($"a=\"[secret: {name}]\", b", Mask().Masked($"a=\"{key}\", b"));

    [Fact]
    public void Private_keys_and_passwords_in_addresses_are_masked()
    {
        Assert.Equal(
            "x\n[secret: private key]\ny",
            Mask().Masked("x\n-----BEGIN RSA " + "PRIVATE KEY-----\nabc\n-----END RSA " + "PRIVATE KEY-----\ny"));
        Assert.Equal("postgres://user:[secret: password]@host/db", Mask().Masked("postgres://user:pa55word@host/db"));
        Assert.Equal("postgres://user:${PASSWORD}@host/db", Mask().Masked("postgres://user:${PASSWORD}@host/db"));
    }

    [Fact]
    public void Values_of_secret_names_are_masked_wherever_they_are()
    {
        _folder.Write(".env", "PORT=30001234\nexport API_KEY=\"abc-def-ghi-jkl\" # mine\nSESSION_SECRET='s p a c e s'\nSHORT_KEY=abc\n");
        _folder.Write(".env.example", "OTHER_KEY=put-your-key-here\n");
        SecretMask mask = Mask(new() { ["MY_TOKEN"] = "value-of-token", ["PATH"] = "/usr/bin:/bin" });
        Assert.Equal(
            "[secret: API_KEY] [secret: SESSION_SECRET] [secret: MY_TOKEN] 30001234 abc put-your-key-here /usr/bin:/bin",
            mask.Masked("abc-def-ghi-jkl s p a c e s value-of-token 30001234 abc put-your-key-here /usr/bin:/bin"));
        _folder.Write(".env.local", "NEW_TOKEN=comes-later-on\n");
        Assert.Equal("[secret: NEW_TOKEN]", mask.Masked("comes-later-on"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-short, task-force-of-many-people, disk-usage-of-everything-here")]
    [InlineData("https://example.com:8080/path@x http://a/b:c@d")]
    [InlineData("a hash 0123456789abcdef0123456789abcdef and ghp_short")]
    public void Other_text_stays(string text) => Assert.Equal(text, Mask().Masked(text));
}
