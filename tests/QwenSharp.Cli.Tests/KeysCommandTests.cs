using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary><c>keys</c>: what it makes, shows and ends.</summary>
public sealed class KeysCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_key_is_made_listed_and_revoked()
    {
        string state = _folder["state"];
        Invocation none = await Invocation.RunAsync("keys", "list", "--state", state);
        Assert.Equal((ExitCode.Ok, "No keys yet. 'qwensharp keys create NAME' makes one.\n"), (none.Code, none.Out));
        Assert.False(Directory.Exists(state));

        JsonElement made = (await Invocation.RunAsync(
            "keys", "create", "ann", "--models", "qwen*", "--models", "box", "--endpoints", "chat", "--days", "2", "--requests-per-minute",
            "60", "--priority", "low", "--json", "--state", state)).Json();
        string key = made.GetProperty("key").GetString()!, id = made.GetProperty("id").GetString()!;
        Assert.StartsWith(id + "_", key);
        Assert.Equal(["qwen*", "box"], made.GetProperty("models").EnumerateArray().Select(model => model.GetString()));

        Invocation list = await Invocation.RunAsync("keys", "list", "--state", state);
        Assert.Contains(id, list.Out);
        Assert.Contains("60 requests/min", list.Out);
        Assert.Contains(" low ", list.Out);
        Assert.DoesNotContain(key[(id.Length + 1)..], list.Out);

        Assert.Equal($"Revoked {id}.\n", (await Invocation.RunAsync("keys", "revoke", id, "--state", state)).Out);
        (await Invocation.RunAsync("keys", "revoke", id, "--state", state)).AssertFails(ExitCode.Failure, "'qwensharp keys list'");
        Assert.Contains("revoked", (await Invocation.RunAsync("keys", "list", "--state", state)).Out);
        Assert.Equal("[]", (await Invocation.RunAsync("keys", "list", "--usage", "--json", "--state", state)).Out.Trim());
    }

    [Theory]
    [InlineData("'all'", "--endpoints", "all")]
    [InlineData("'urgent'", "--priority", "urgent")]
    [InlineData("--days", "--days", "0")]
    [InlineData("--concurrent", "--concurrent", "-1")]
    [InlineData("--models may not be empty", "--models", "")]
    public async Task What_makes_no_sense_is_refused(string said, params string[] arguments) =>
        (await Invocation.RunAsync(["keys", "create", "ann", "--state", _folder["state"], .. arguments]))
            .AssertFails(ExitCode.Usage, said);

    [Fact]
    public async Task A_key_has_a_name() => (await Invocation.RunAsync("keys", "create", " ", "--state", _folder["state"]))
        .AssertFails(ExitCode.Usage, "NAME may not be empty");

    [Theory]
    [InlineData("postgres://", "names no host")]
    [InlineData("postgres://nobody@127.0.0.1:1/x", "The state cannot be opened")]
    [InlineData("FILE", "is a file; it must be a folder")]
    public async Task A_server_does_not_start_with_a_state_that_it_cannot_keep(string place, string said)
    {
        File.WriteAllText(_folder["file"], "");
        Invocation served = await Invocation.RunAsync(
            "serve",
            "--model", ScriptedCheckpoint.Write(_folder["tiny.gguf"]), "--port", "0", "--state", place == "FILE" ? _folder["file"] : place);

        served.AssertFails(ExitCode.Failure, said);
    }

    [Fact]
    public async Task A_server_without_keys_does_not_listen_to_other_machines() =>
        (await Invocation.RunAsync(
            "serve", "--model", ScriptedCheckpoint.Write(_folder["tiny.gguf"]), "--host", "*", "--port", "0", "--state", _folder["state"]))
            .AssertFails(ExitCode.Failure, "--open-to-all");
}
