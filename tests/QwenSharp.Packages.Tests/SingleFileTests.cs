namespace QwenSharp.Packages.Tests;

/// <summary>One file holds all that the program needs.</summary>
public sealed class SingleFileTests(SingleFileProgram program) : PublishedStateTests<SingleFileProgram>(program)
{
    [Fact(Explicit = true)]
    public async Task There_is_one_file()
    {
        await Program.PublishAsync();
        Assert.Equal([Program.File], Directory.GetFiles(Path.GetDirectoryName(Program.File)!));
    }
}
