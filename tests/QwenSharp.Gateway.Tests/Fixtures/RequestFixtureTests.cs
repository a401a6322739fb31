using System.Text.Json;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Every request of the reference data is what a neutral call is written as.</summary>
public class RequestFixtureTests
{
    public static TheoryData<string> Paths() => [.. RequestCases.All.Select(request => request.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_call_is_written_as_the_reference_data_has_it(string path)
    {
        (RequestCase request, JsonElement wanted) = Read(path);
        Assert.Equal(request.Without, JsonSubset.Missing(wanted, Make.Body(request.Kind, request.Call(wanted))));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void What_a_call_loses_is_declared(string path)
    {
        (RequestCase request, JsonElement wanted) = Read(path);
        Assert.Equal(request.Losses, Make.Losses(request.Kind, request.Call(wanted)));
    }

    [Fact]
    public void No_request_of_a_chat_is_left_out()
    {
        string root = QwenSharp.Tests.Fixtures.Require("providers");
        string[] others = ["count-tokens", "legacy", "native-completion", "embed", ".http", "batches", "moderations"];
        IEnumerable<string> files = Directory.EnumerateFiles(root, "request-*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(path => !others.Any(path.Contains));
        Assert.Empty(files.Except(RequestCases.All.Select(request => request.Path)));
    }

    private static (RequestCase Request, JsonElement Wanted) Read(string path) => (
        RequestCases.All.Single(request => request.Path == path),
        JsonElement.Parse(File.ReadAllText(ProviderFixture.File(path))));
}
