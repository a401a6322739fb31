using QwenSharp.Checkpoints;
using QwenSharp.Engine;
using QwenSharp.Formats;

namespace QwenSharp.Tests;

/// <summary>What prompts go on from outlives a model in a folder, bound to its weights.</summary>
public sealed class CacheFolderTests : IDisposable
{
    private static readonly string Prompt = string.Concat(Enumerable.Range(0, 90).Select(i => $"{i}"));

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notices = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_goes_on_from_what_it_had_before_it_was_disposed()
    {
        string path = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        Assert.Equal(0, await Reused(path));
        Assert.True(File.Exists(Path.Combine(_folder["cache"], "model.qwprefix")));
        Assert.Equal(Prompt.Length - 1, await Reused(path));
        Assert.Empty(_notices);
    }

    [Fact]
    public async Task Of_another_model_under_its_name_nothing_is_used()
    {
        string path = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        await Reused(path);
        ScriptedCheckpoint.Write(path, ["Bye"]);
        Assert.Equal(0, await Reused(path));
        Assert.EndsWith("it was saved with another model.", Assert.Single(_notices), StringComparison.Ordinal);
        Assert.Equal(Prompt.Length - 1, await Reused(path));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_an_error()
    {
        string path = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        File.WriteAllText(_folder["cache"], "a file");
        await Assert.ThrowsAnyAsync<IOException>(() => Reused(path));
    }

    [Fact]
    public void The_weights_the_metadata_and_the_time_of_change_are_in_the_identity()
    {
        string path = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        DateTime time = File.GetLastWriteTimeUtc(path);
        string before = IdentityOf(path);
        Assert.Equal(before, IdentityOf(path));

        // The last byte is a weight's.
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
        Assert.NotEqual(before, IdentityOf(path));

        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(before, IdentityOf(path));
        File.SetLastWriteTimeUtc(path, time.AddSeconds(1));
        Assert.NotEqual(before, IdentityOf(path));

        int name = bytes.AsSpan().IndexOf("Scripted"u8);
        bytes[name] = (byte)'s';
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
        Assert.NotEqual(before, IdentityOf(path));
    }

    [Theory]
    [InlineData("qwen3-0.6b-q4_k_m", "qwen3-0.6b-q4_k_m")]
    [InlineData("qwen3:0.6b", "_qwen3_0.6b-")]
    [InlineData("../../etc/passwd", "_.._.._etc_passwd-")]
    [InlineData("..", "_..-")]
    [InlineData("Modell für alle", "_Modell_f_r_alle-")]
    public void A_name_is_a_file_of_its_own(string name, string begins)
    {
        string file = CheckpointIdentity.FileNameOf(name);
        Assert.StartsWith(begins, file, StringComparison.Ordinal);
        Assert.Equal(name == begins ? begins.Length : begins.Length + 12, file.Length);
    }

    private static string IdentityOf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return CheckpointIdentity.Of(file);
    }

    private async Task<int> Reused(string path)
    {
        await using QwenModel model = QwenModel.Load(path, new QwenModelOptions
        {
            Threads = 1,
            CacheFolder = _folder["cache"],
            Notice = _notices.Add,
        });
        int reused = 0;
        GenerationRequest request = new() { Prompt = model.EncodePrompt(Prompt[..^1] + "\n"), MaxTokens = 2 };
        await foreach (GeneratedToken token in model.Engine.GenerateAsync(request, TestContext.Current.CancellationToken))
            reused += token.Reuse?.Tokens ?? 0;

        return reused;
    }
}
