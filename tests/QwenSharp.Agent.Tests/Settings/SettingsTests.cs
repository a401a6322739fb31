using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Settings;

namespace QwenSharp.Agent.Tests.Settings;

public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Layers_join_lists_and_the_nearest_value_wins()
    {
        _folder.Write("home/.qwensharp/settings.json", """
            {"model": "a", "permissions": {"allow": ["glob"], "defaultMode": "plan"}, "env": {"A": "1", "B": "1"}}
            """);
        _folder.Write("project/.qwensharp/settings.json", """
            {"model": "b", "permissions": {"allow": ["edit"], "deny": ["run_shell_command(rm *)"]}}
            """);
        _folder.Write("project/.qwensharp/settings.local.json", """
            {
              // of this user alone
              "env": {"B": "2"},
              "hooks": {"PreToolUse": [{"matcher": "edit|write_file", "hooks": [{"type": "command", "command": "check", "timeout": 5}]}]},
            }
            """);

        (AgentSettings settings, bool leftOut) = Layers().Read(isTrusted: true);

        Assert.False(leftOut);
        Assert.Equal(("b", "plan"), (settings.Model, settings.Mode));
        Assert.Equal(["glob", "edit"], settings.Allow);
        Assert.Equal(["run_shell_command(rm *)"], settings.Deny);
        Assert.Equal(new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" }, settings.Environment);
        Assert.Equal(
            new HookSetting(HookEvent.PreToolUse, "edit|write_file", "check", TimeSpan.FromSeconds(5)), Assert.Single(settings.Hooks));
    }

    [Fact]
    public void A_project_that_is_not_trusted_can_only_restrict()
    {
        _folder.Write("home/.qwensharp/settings.json", """{"model": "mine"}""");
        _folder.Write("project/.qwensharp/settings.json", """
            {"model": "theirs", "permissions": {"allow": ["run_shell_command"], "deny": ["web_fetch"]}, "env": {"PATH": "/evil"},
             "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "evil"}]}]}}
            """);

        (AgentSettings settings, bool leftOut) = Layers().Read(isTrusted: false);

        Assert.True(leftOut);
        Assert.Equal("mine", settings.Model);
        Assert.Equal(["web_fetch"], settings.Deny);
        Assert.Empty(settings.Allow);
        Assert.Empty(settings.Environment);
        Assert.Empty(settings.Hooks);
    }

    [Theory]
    [InlineData("""{"modle": "x"}""", "\"modle\" is no setting")]
    [InlineData("""{"permissions": {"alow": []}}""", "\"permissions.alow\" is no setting")]
    [InlineData("""{"permissions": {"allow": "edit"}}""", "permissions.allow must be a JSON array")]
    [InlineData("""{"env": {"A": 1}}""", "env.A must be a string")]
    [InlineData("""{"hooks": {"Never": []}}""", "\"hooks.Never\" is no setting")]
    [InlineData("""{"hooks": {"Stop": [{"hooks": [{"type": "prompt"}]}]}}""", "only \"command\" is run")]
    [InlineData("""{"hooks": {"Stop": [{"hooks": [{"type": "command"}]}]}}""", "a hook has no \"command\"")]
    [InlineData("""{"hooks": {"PreToolUse": [{"matcher": "(", "hooks": []}]}}""", "is no regular expression")]
    [InlineData("[]", "the file must be a JSON object")]
    [InlineData("{", "line 1")]
    public void What_is_wrong_with_a_file_is_named(string text, string problem)
    {
        string path = _folder.Write("settings.json", text);
        string message = Assert.Throws<InvalidDataException>(() => SettingsFile.Read(path)).Message;
        Assert.StartsWith(path, message);
        Assert.Contains(problem, message);
    }

    [Fact]
    public void A_project_is_trusted_with_all_below_it()
    {
        TrustedProjects trusted = new(_folder["data", "trusted"]);
        Assert.False(trusted.Contains("/srv/project"));
        trusted.Add("/srv/project");
        Assert.True(trusted.Contains("/srv/project"));
        Assert.True(trusted.Contains("/srv/project/sub"));
        Assert.False(trusted.Contains("/srv/projector"));
    }

    private SettingsLayers Layers() => new(_folder["home"], _folder["project"]);
}
