using QwenSharp.Agent.Sandboxes;
using QwenSharp.Agent.Tests.Permissions;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Shell;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tests.Sandboxes;

/// <summary>What commands can do in the sandbox of this machine.</summary>
public sealed class SandboxTests : IAsyncLifetime
{
    // The sandbox has a /tmp of its own, in which nothing of the machine is to be seen.
    private readonly Project _project = new(
        AppContext.BaseDirectory.StartsWith("/tmp/", StringComparison.Ordinal) ? "/var/tmp" : AppContext.BaseDirectory);
    private readonly TemporaryFolder _session = new();
    private ToolContext? _context;
    private string? _reason;

    public async ValueTask InitializeAsync()
    {
        (Sandbox? sandbox, _reason) = await Sandbox.FindAsync(
            new SandboxSettings(_project.Workspace, _session["tmp"]), TestContext.Current.CancellationToken);
        if (sandbox is not null)
            _context = new ToolContext(_project.Workspace, _session["session"]) { Sandbox = sandbox };
    }

    public async ValueTask DisposeAsync()
    {
        if (_context is not null)
            await _context.DisposeAsync();

        _session.Dispose();
        _project.Dispose();
    }

    private async Task<ToolResult> RunAsync(string command)
    {
        Assert.SkipWhen(_context is null, _reason ?? "");
        return await new ShellTool().RunAsync(
            new ToolArguments(System.Text.Json.JsonElement.Parse($$"""{"command": {{Tools.ToolBench.Json(command.Replace("@HOME@", _project.Workspace.Home, StringComparison.Ordinal))}}}""")),
            _context,
            TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("echo x > src/new.txt && cat src/new.txt", "x\n")]
    [InlineData("echo x > /tmp/new.txt && cat $TMPDIR/new.txt", "x\n")]
    [InlineData("mkdir -p deep/er && touch deep/er/y && ls deep/er", "y\n")]
    [InlineData("ls .git/hooks", "pre-commit.sample\n")]
    [InlineData("touch .git/index && ls .git", "config\nhooks\nindex\n")]
    [InlineData("cat @HOME@/notes.txt", "notes")]
    public async Task Commands_work_in_the_project(string command, string expected)
    {
        ToolResult result = await RunAsync(command);
        Assert.Equal((expected, false), (result.Text, result.IsError));
    }

    [Fact]
    public async Task Temporary_files_outlive_the_command()
    {
        await RunAsync("echo x > /tmp/kept");
        Assert.Equal("x\n", (await RunAsync("cat /tmp/kept")).Text);
    }

    [Theory]
    [InlineData("echo x > @HOME@/outside/x")]
    [InlineData("echo x > @HOME@/.bashrc")]
    [InlineData("echo x > /etc/x")]
    [InlineData("echo x > link-out/x")]
    [InlineData("ln -s @HOME@/outside l && echo x > l/x")]
    [InlineData("ln @HOME@/outside/secret.txt hard && echo x > hard")]
    [InlineData("rm -rf @HOME@/outside/secret.txt && test ! -e @HOME@/outside/secret.txt")]
    [InlineData("mv @HOME@/project @HOME@/moved")]
    [InlineData("cat @HOME@/.ssh/id_rsa")]
    [InlineData("cat link-file")]
    [InlineData("ls @HOME@/.ssh/id_rsa")]
    [InlineData("echo x > .git/config")]
    [InlineData("echo x > .git/hooks/pre-commit")]
    [InlineData("touch link-git/hooks/pre-commit")]
    [InlineData("rm .git/config")]
    [InlineData("mv .git .old && mkdir .git && echo x > .git/config")]
    [InlineData("mv .git/hooks .git/old")]
    [InlineData("mount -o remount,rw / && echo x > /etc/x")]
    [InlineData("mount -o remount,rw .git/config && echo x > .git/config")]
    [InlineData("umount .git/config && echo x > .git/config")]
    [InlineData("unshare -Urm sh -c 'umount .git/hooks && echo x > .git/hooks/pre-commit'")]
    [InlineData("unshare -Urm sh -c 'mount -o remount,rw,bind / && echo x > @HOME@/outside/x'")]
    [InlineData("mkdir -p .qwensharp && echo {} > .qwensharp/settings.json")]
    [InlineData("echo x > /proc/1/root/etc/x")]
    [InlineData("echo x > /proc/self/root/etc/x")]
    [InlineData("cat /proc/sys/kernel/core_pattern > /tmp/same && cat /tmp/same > /proc/sys/kernel/core_pattern")]
    [InlineData("ls /run/* | grep .")]
    [InlineData("(echo > /dev/tcp/127.0.0.1/22) && echo connected")]
    [InlineData("python3 -c \"import socket; socket.create_connection(('1.1.1.1', 53), 2)\"")]
    [InlineData("test $(ls /proc | grep -c '^[0-9]') -gt 10")]
    [InlineData("mknod d b 8 0 && head -c1 d")]
    [InlineData("chroot / sh -c 'echo x > /etc/x'")]
    [InlineData("cp /bin/sh s && chmod u+s s && ./s -c 'echo x > /etc/x'")]
    [InlineData("nsenter -t 1 -m sh -c 'echo x > /etc/x'")]
    public async Task Nothing_gets_out(string command)
    {
        ToolResult result = await RunAsync(command);
        Assert.True(result.IsError, result.Text);
        Assert.False(File.Exists("/etc/x"));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(_project.Workspace.Home, "outside", "secret.txt")));
        Assert.Equal(["secret.txt"], Directory.GetFiles(Path.Combine(_project.Workspace.Home, "outside")).Select(file => Path.GetFileName(file)));
        Assert.Equal("", File.ReadAllText(_project[".git", "config"]));
        Assert.Equal(["pre-commit.sample"], Directory.GetFiles(_project[".git", "hooks"]).Select(file => Path.GetFileName(file)));
        Assert.False(File.Exists(_project[".qwensharp", "settings.json"]));
    }

    [Fact]
    public async Task Commands_are_ended_in_the_sandbox_as_well()
    {
        Assert.SkipWhen(_context is null, _reason ?? "");
        ToolResult result = await new ShellTool().RunAsync(
            new ToolArguments(System.Text.Json.JsonElement.Parse("""{"command": "setsid sleep 71 & sleep 72", "timeout": 500}""")),
            _context,
            TestContext.Current.CancellationToken);
        Assert.True(result.IsError);
        Assert.DoesNotContain(
            Directory.GetDirectories("/proc").Select(process => Path.Combine(process, "cmdline")).Where(File.Exists).Select(Content),
            command => command is "sleep\071\0" or "sleep\072\0");

        static string Content(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    [Fact]
    public void The_profile_of_macOS_closes_what_it_opens_too_far()
    {
        string profile = new Seatbelt(new SandboxSettings(_project.Workspace, _session["tmp"])).Profile();
        string root = _project.Workspace.Root;
        int denied = profile.IndexOf("(deny file-write*)", StringComparison.Ordinal);
        int allowed = profile.IndexOf($"(allow file-write* (subpath \"{root}\"))", StringComparison.Ordinal);
        int hooks = profile.IndexOf($"(deny file-write* (subpath \"{root}/.git/hooks\"))", StringComparison.Ordinal);
        Assert.True(0 < denied && denied < allowed && allowed < hooks);
        Assert.Contains($"(deny file-read* (subpath \"{_project.Workspace.Home}/.ssh\"))", profile, StringComparison.Ordinal);
        Assert.Contains("(deny network*)", profile, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "(deny network*)",
            new Seatbelt(new SandboxSettings(_project.Workspace, _session["tmp"]) { AllowsNetwork = true }).Profile(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sandbox_that_does_not_work_says_why()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It is Linux's.");
        string? fault = await SandboxTrial.RunAsync(
            new Bubblewrap(new SandboxSettings(_project.Workspace, _session["tmp"])),
            "/none",
            TestContext.Current.CancellationToken);
        Assert.False(string.IsNullOrWhiteSpace(fault));
    }
}
