using System.Xml.Linq;

namespace QwenSharp.Packages.Tests;

public class PackageTests(PackedPackages packages)
{
    public static TheoryData<string> All() => [.. Repository.Libraries, Repository.Tool];

    public static TheoryData<string> Libraries() => [.. Repository.Libraries];

    [Theory]
    [MemberData(nameof(All))]
    public void A_package_says_what_it_is_and_whose(string id)
    {
        XElement metadata = packages.MetadataOf(id);
        string Field(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal("QwenSharp contributors", Field("authors"));
        Assert.Equal("Apache-2.0", Field("license"));
        Assert.InRange(Field("description").Length, 40, 200);
        Assert.Equal("README.md", Field("readme"));
        Assert.Equal("icon.png", Field("icon"));
        XElement repository = metadata.Elements().Single(element => element.Name.LocalName == "repository");
        Assert.StartsWith("https://", repository.Attribute("url")!.Value, StringComparison.Ordinal);

        string[] files = packages.FilesOf(id);
        Assert.Contains("README.md", files);
        Assert.Contains("icon.png", files);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_comes_with_documentation_and_symbols(string id)
    {
        string assembly = $"lib/net10.0/{(id == "QwenSharp" ? "QwenSharp.Client" : id)}";
        string[] files = packages.FilesOf(id);
        Assert.Contains($"{assembly}.dll", files);
        Assert.Contains($"{assembly}.xml", files);
        Assert.Equal([$"{assembly}.pdb"], packages.FilesOf(id, ".snupkg").Where(file => file.EndsWith(".pdb", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_program_brings_the_model_in_the_box()
    {
        string[] files = packages.FilesOf(Repository.Tool);
        Assert.Contains("tools/net10.0/any/qwensharp.dll", files);
        Assert.Contains("tools/net10.0/any/qwensharp-box.gguf", files);
    }

    [Fact]
    public void Nothing_else_is_packed()
    {
        string[] packed = [.. Directory.GetFiles(packages.Feed, "*.nupkg").Select(Path.GetFileName).Order()!];
        Assert.Equal(Repository.Libraries.Length + 1, packed.Length);
    }
}
