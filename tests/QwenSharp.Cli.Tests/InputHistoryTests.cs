using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public sealed class InputHistoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["state/qwensharp/history"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_lasts()
    {
        InputHistory first = new(Path);
        foreach (string entry in (string[])["one", "two\nlines", "two\nlines", " ", "世界 \"🙂\""])
            first.Add(entry);

        Assert.Equal(["one", "two\nlines", "世界 \"🙂\""], first.Entries);
        Assert.Equal(first.Entries, new InputHistory(Path).Entries);
    }

    [Fact]
    public void It_is_nobody_elses_business()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes of files.");
        new InputHistory(Path).Add("one");

        UnixFileMode mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(Path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
    }

    [Fact]
    public void It_is_bounded_in_memory_and_on_disk()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        File.WriteAllLines(Path, Enumerable.Range(0, 5000).Select(i => $"\"{i}\""));

        InputHistory history = new(Path);
        history.Add("last");

        Assert.Equal(InputHistory.Limit, history.Entries.Count);
        Assert.Equal(("4001", "last"), (history.Entries[0], history.Entries[^1]));
        Assert.Equal(InputHistory.Limit + 1, File.ReadAllLines(Path).Length);
    }

    [Fact]
    public void What_is_too_long_for_the_file_is_remembered_for_the_session()
    {
        InputHistory history = new(Path);
        history.Add(new string('x', 100_000));

        Assert.Single(history.Entries);
        Assert.Empty(new InputHistory(Path).Entries);
    }

    [Fact]
    public void That_it_cannot_be_read_or_written_harms_nobody()
    {
        // A file where its folder should be, a folder where its file should be, lines that are none.
        File.WriteAllText(_folder["state"], "");
        new InputHistory(Path).Add("one");
        InputHistory folder = new(_folder[""]);
        folder.Add("two");
        File.WriteAllText(_folder["broken"], "\"one\"\nnone\n{}\n\"two\"\n\"half");

        Assert.Equal(["two"], folder.Entries);
        Assert.Equal(["one", "two"], new InputHistory(_folder["broken"]).Entries);
    }
}
