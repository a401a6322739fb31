using System.CommandLine;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Config;
using QwenSharp.Cli.Terminals;
using QwenSharp.Gateway.Configuration;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Cli.Tests;

/// <summary>The <c>listen</c>, the <c>providers</c> and the <c>routes</c> of a configuration.</summary>
public sealed class GatewayConfigTests : IDisposable
{
    private const string Acme = "providers:\n  acme: { kind: anthropic, base_url: 'http://127.0.0.1:9001' }\n";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("listen: here", "1: listen must be an address and a port, such as 127.0.0.1:8080.")]
    [InlineData("listen: 127.0.0.1:8080\nport: 1", "2: 'listen' has the address and the port; 'port' is one of them.")]
    [InlineData("providers: [acme]", "1: providers must be names with what each is.")]
    [InlineData("providers:\n  acme: anthropic", "2: A provider is keys with values, 'kind' among them.")]
    [InlineData("providers:\n  local: { kind: vllm }", "2: A provider may not be named 'local'")]
    [InlineData("providers:\n  acme:\n    base_url: http://x", "3: A provider needs the key 'kind', one of openai,")]
    [InlineData("providers:\n  acme:\n    kind: antropic", "3: kind may not be 'antropic'. Did you mean 'anthropic'?")]
    [InlineData("providers:\n  acme:\n    kind: vllm", "3: A provider of the kind vllm needs the key 'base_url', its address.")]
    [InlineData("providers:\n  acme:\n    kind: vllm\n    base_url: host", "4: base_url must be an address that begins with http://")]
    [InlineData("providers:\n  acme:\n    kind: openai\n    base_ulr: http://x", "4: 'base_ulr' is no key here. Did you mean 'base_url'?")]
    [InlineData("providers:\n  acme:\n    kind: openai\n    api_key_env: A\n    api_key_file: b", "5: api_key_env and api_key_file both")]
    [InlineData("providers:\n  acme:\n    kind: openai\n    stall_timeout: soon", "4: stall_timeout must be a number from 0.001 to 86400.")]
    [InlineData(Acme + "routes:\n  fast: acme", "4: A target is PROVIDER/MODEL, or local/MODEL for a model of this server, not 'acme'.")]
    [InlineData(Acme + "routes:\n  fast: [acmee/x]", "4: There is no provider 'acmee'. Did you mean 'acme'?")]
    [InlineData(Acme + "routes:\n  fast: []", "4: A route needs its targets")]
    [InlineData(Acme + "routes:\n  fast:\n    data_class: private", "5: A route needs its targets")]
    [InlineData(Acme + "routes:\n  fast:\n    targets: [acme/x]\n    retrie: 1", "6: 'retrie' is no key here. Did you mean 'retries'?")]
    [InlineData(Acme + "routes:\n  fast:\n    weights: { acme/x: 0 }", "5: The weight of acme/x must be a number from 1E-06 to 1000000.")]
    [InlineData(Acme + "routes:\n  fast:\n    targets: [acme/x]\n    weights: { acme/x: 1 }", "6: targets and weights both say who answers.")]
    [InlineData(Acme + "routes:\n  fast:\n    targets: [acme/x]\n    losses: refus", "6: losses must be declare or refuse, not 'refus'.")]
    public async Task What_is_wrong_is_said_with_its_line(string yaml, string said)
    {
        string file = _folder["team.yaml"];
        await File.WriteAllTextAsync(file, yaml, Stop);
        Invocation check = await Invocation.RunAsync("config", "check", file);
        Assert.Equal(ExitCode.Failure, check.Code);
        Assert.Contains($"{file}:{said}", Assert.Single(check.Out.TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task What_each_name_does_is_said()
    {
        await File.WriteAllTextAsync(_folder["team.yaml"], """
            listen: 127.0.0.1:0
            providers:
              acme: { kind: anthropic, base_url: "http://127.0.0.1:9001", api_key_env: QWENSHARP_TEST_NO_KEY }
              lab: { kind: vllm, base_url: "http://127.0.0.1:9002", data_classes: [private, eu] }
            routes:
              fast: [local/qwen3-4b, acme/claude-haiku]
              mixed: { weights: { lab/a: 3, acme/b: 1 }, data_class: private, deadline: 60, losses: refuse }
            """, Stop);
        Invocation check = await Invocation.RunAsync("config", "check", _folder["team.yaml"]);
        Assert.Equal(
            [
                "acme/MODEL: anthropic at http://127.0.0.1:9001/, key from QWENSHARP_TEST_NO_KEY, which is not set",
                "lab/MODEL: vllm at http://127.0.0.1:9002/, for data of the class private, eu",
                "fast: local/qwen3-4b, else acme/claude-haiku",
                "mixed: 0.75 of the requests first to lab/a, 0.25 of the requests first to acme/b (never: it may not be sent data of the class "
                    + "private); data of the class private; 60 s at most; what a target cannot carry is refused",
            ],
            check.Out.TrimEnd().Split('\n'));
        Assert.Equal((ExitCode.Ok, ""), (check.Code, check.Error));
        (await Invocation.RunAsync("serve", "--config", _folder["team.yaml"])).AssertFails(
            ExitCode.Usage, $"{_folder["team.yaml"]}:3: The key of 'acme' is to be in the environment as QWENSHARP_TEST_NO_KEY");
    }

    [Fact]
    public void All_of_it_is_read()
    {
        File.WriteAllText(_folder["key"], " secret\n");
        GatewaySettings read = Read($$"""
            providers:
              acme:
                kind: openai
                api_key_file: {{_folder["key"]}}
                headers: { x-team: red }
                organization: o
                project: p
                connect_timeout: 1.5
                first_byte_timeout: 2
                stall_timeout: 3
                data_classes: eu
            routes:
              fast: { targets: [acme/a, local/b/c], retries: 0, deadline: 5, data_class: eu }
            """).Open();

        ProviderPlace acme = Assert.Single(read.Providers);
        Assert.Equal(
            ("acme", ProviderKind.OpenAI, "https://api.openai.com/", "secret"),
            (acme.Settings.Name, acme.Settings.Kind, acme.Settings.BaseUrl.ToString(), acme.Settings.ApiKey));
        Assert.Equal(("red", "o", "p"), (acme.Settings.Headers["x-team"], acme.Settings.Organization, acme.Settings.Project));
        Assert.Equal(
            (1.5, 2, 3),
            (acme.Settings.ConnectTimeout.TotalSeconds, acme.Settings.FirstByteTimeout.TotalSeconds, acme.Settings.StallTimeout.TotalSeconds));
        Assert.Equal(["eu"], acme.DataClasses);
        RouteSettings fast = Assert.Single(read.Routes);
        Assert.Equal(["acme/a", "local/b/c"], fast.Targets.Select(target => $"{target}"));
        Assert.Equal((0, 5, "eu", false), (fast.Retries, fast.Deadline!.Value.TotalSeconds, fast.DataClass, fast.IsWeighted));
    }

    [Fact]
    public void The_documented_keys_are_those_that_are_read()
    {
        Assert.Equal(ProviderEntry.Keys.Order(StringComparer.Ordinal), Documented("## Keys of a provider").Order(StringComparer.Ordinal));
        Assert.Equal(RouteEntry.Keys, Documented("## Keys of a route"));
        Environment.SetEnvironmentVariable("ACME_KEY", "k");
        Assert.Equal(3, Read(Documentation.Split("```yaml\n")[1].Split("```")[0].Replace("models:", "#", StringComparison.Ordinal)).Open().Routes.Count);
    }

    private static string Documentation
    {
        get
        {
            DirectoryInfo? root = new(AppContext.BaseDirectory);
            while (root is not null && !File.Exists(Path.Combine(root.FullName, "QwenSharp.slnx")))
                root = root.Parent;

            return File.ReadAllText(Path.Combine(root!.FullName, "docs", "gateway.md")).ReplaceLineEndings("\n");
        }
    }

    private static IEnumerable<string> Documented(string heading) => Documentation
        .Split(heading)[1]
        .Split("\n#")[0]
        .Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .SelectMany(line => line.Split('|')[1].Split(',').Select(word => word.Trim(' ', '`')));

    private GatewayEntries Read(string yaml)
    {
        using Terminal terminal = new(Stream.Null, TextWriter.Null, TextWriter.Null);
        File.WriteAllText(_folder["read.yaml"], yaml);
        ServeFile file = ServeFile.Read(_folder["read.yaml"], ServeCommand.Create(terminal));
        Assert.Empty(file.Problems);
        return file.Gateway;
    }
}
