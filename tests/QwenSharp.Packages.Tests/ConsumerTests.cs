namespace QwenSharp.Packages.Tests;

/// <summary>What a user does with the packages: from nothing to an answer.</summary>
public sealed class ConsumerTests(PackedPackages packages) : IDisposable
{
    private static readonly Dictionary<string, string?> _nothing = [];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_project_with_the_package_gets_an_answer()
    {
        string folder = Directory.CreateDirectory(_folder["app"]).FullName;
        packages.Configure(folder);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "app.csproj"),
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="QwenSharp" Version="0.*-*" />
              </ItemGroup>
            </Project>
            """,
            TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Program.cs"),
            """
            using Microsoft.Extensions.AI;
            using QwenSharp;

            await using QwenModel model = QwenModel.Load(args[0], new QwenModelOptions { Threads = 1 });
            IChatClient client = new QwenChatClient(model);
            Console.WriteLine(await client.GetResponseAsync("Who are you?", new ChatOptions { Temperature = 0 }));
            """,
            TestContext.Current.CancellationToken);

        await Command.DotnetAsync(folder, packages.Restored, "build", "-o", _folder["built"], "-v", "q");
        Command answer = await Command.RunAsync(Path.Combine(_folder["built"], "app"), folder, _nothing, Repository.Box);

        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("QwenSharp", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tool_is_installed_and_the_model_in_the_box_answers()
    {
        string folder = Directory.CreateDirectory(_folder["place"]).FullName;
        packages.Configure(folder);
        await Command.DotnetAsync(
            folder,
            packages.Restored,
            ["tool", "install", Repository.Tool, "--tool-path", _folder["tools"], "--configfile", Path.Combine(folder, "nuget.config")]);

        Command answer = await Command.RunAsync(
            Path.Combine(_folder["tools"], "qwensharp"),
            folder,
            _nothing,
            ["run", "Who are you?", "--temperature", "0"]);
        Assert.True(answer.ExitCode == 0, answer.Error);
        Assert.Contains("QwenSharp", answer.Output, StringComparison.Ordinal);
    }
}
