using System.Reflection;
using PublicApiGenerator;

namespace QwenSharp.Packages.Tests;

/// <summary>What users build on changes on purpose: the public API of each library is in docs/api.</summary>
public class PublicApiTests
{
    private const string Update = "QWENSHARP_UPDATE_API";

    private static readonly ApiGeneratorOptions _options = new()
    {
        IncludeAssemblyAttributes = false,
        DenyNamespacePrefixes = [],
    };

    public static TheoryData<string> Libraries() => [.. Repository.Libraries];

    [Theory]
    [MemberData(nameof(Libraries))]
    public async Task The_public_api_is_the_one_on_record(string library)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        string path = Path.Combine(Repository.Root, "docs", "api", library + ".txt");
        string api = Assembly.Load(library == "QwenSharp" ? "QwenSharp.Client" : library)
            .GeneratePublicApi(_options)
            .ReplaceLineEndings("\n")
            .TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Update) == "1")
            await File.WriteAllTextAsync(path, api, stop);

        string recorded = File.Exists(path) ? await File.ReadAllTextAsync(path, stop) : "";
        string[] added = [.. api.Split('\n').Except(recorded.Split('\n'))], gone = [.. recorded.Split('\n').Except(api.Split('\n'))];
        Assert.True(
            recorded == api,
            $"The public API of {library} is not that of docs/api/{library}.txt. Where the change is meant, write it down by running "
                + $"these tests once with {Update}=1.\nNew:\n{string.Join('\n', added)}\nGone:\n{string.Join('\n', gone)}");
    }
}
