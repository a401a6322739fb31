using System.Text;
using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>What is found in caches, whoever filled them, and what removing leaves behind.</summary>
public sealed class CacheTests : IDisposable
{
    private const string Old = "1111111111111111111111111111111111111111";
    private const string New = "2222222222222222222222222222222222222222";

    private readonly TemporaryFolder _folder = new();
    private readonly HubOptions _options;

    public CacheTests() => _options = new HubOptions { HuggingFaceCache = _folder["hub"], ModelScopeCache = _folder["modelscope"] };

    public void Dispose() => _folder.Dispose();

    private ModelCache Cache => new(_options);

    [Fact]
    public void An_empty_machine_has_no_models() => Assert.Empty(Cache.List());

    [Fact]
    public void Models_that_other_tools_cached_are_found()
    {
        string model = Blob("Qwen/A-GGUF", Old, "A-Q4_K_M.gguf", 100);
        Blob("Qwen/A-GGUF", Old, "README.md", 10);
        Blob("Qwen/B", Old, "config.json", 5);
        Blob("Qwen/B", Old, "model.safetensors", 50);
        Reference("Qwen/A-GGUF", Old);
        Directory.CreateDirectory(_folder["hub/datasets--Qwen--C/snapshots/x"]);
        Directory.CreateDirectory(_folder["hub/.locks/models--Qwen--A-GGUF"]);

        IReadOnlyList<CachedModel> models = Cache.List();

        Assert.Equal(["Qwen/A-GGUF:Q4_K_M", "Qwen/B"], models.Select(found => found.Name));
        Assert.Equal([100L, 55], models.Select(found => found.Bytes));
        Assert.Equal([model, _folder[$"hub/models--Qwen--B/snapshots/{Old}"]], models.Select(found => found.Path));
        Assert.Equal((Old, true, false), (models[0].Revision, models[0].IsCurrent, models[1].IsCurrent));
    }

    [Fact]
    public void ModelScopes_cache_is_read_too()
    {
        string path = _folder["modelscope/models/Qwen/Qwen2___5-0___5B-GGUF/qwen-q8_0.gguf"];
        Write(path, 70);
        Write(_folder["modelscope/models/._____temp/x/qwen-q8_0.gguf"], 1);

        CachedModel found = Assert.Single(Cache.List());

        Assert.Equal(("Qwen/Qwen2.5-0.5B-GGUF:Q8_0", HubKind.ModelScope, path, 70L), (found.Name, found.Hub, found.Path, found.Bytes));
        Assert.Equal(path, Cache.Find(ModelReference.Parse("Qwen/Qwen2.5-0.5B-GGUF"))!.Path);
    }

    [Fact]
    public void Half_a_model_is_none()
    {
        Blob("Qwen/A-GGUF", Old, "A-Q4_0-00001-of-00002.gguf", 100);
        Blob("Qwen/B", Old, "config.json", 5);
        Blob("Qwen/B", Old, "tokenizer.json", 5);
        Blob("Qwen/C", Old, "config.json", 5);
        Blob("Qwen/C", Old, "model-00001-of-00002.safetensors", 5);
        Blob(
            "Qwen/C",
            Old,
            "model.safetensors.index.json",
            Encoding.UTF8.GetBytes("""{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""")
        );
        string dangling = Blob("Qwen/D-GGUF", Old, "D-Q4_0.gguf", 100);
        File.Delete(new FileInfo(dangling).ResolveLinkTarget(true)!.FullName);

        Assert.Empty(Cache.List());

        Blob("Qwen/A-GGUF", Old, "A-Q4_0-00002-of-00002.gguf", 7);
        Blob("Qwen/C", Old, "model-00002-of-00002.safetensors", 5);
        Assert.Equal(["Qwen/A-GGUF:Q4_0", "Qwen/C"], Cache.List().Select(found => found.Name));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"weight_map\": 1}")]
    [InlineData("{\"weight_map\": {\"a\": 1}}")]
    [InlineData("{\"weight_map\": {\"a\": \"\\ud800\"}}")]
    public void A_damaged_index_is_half_a_model(string index)
    {
        Blob("Qwen/C", Old, "config.json", 5);
        Blob("Qwen/C", Old, "model.safetensors.index.json", Encoding.UTF8.GetBytes(index));

        Assert.Empty(Cache.List());
    }

    [Fact]
    public void The_default_branchs_commit_is_preferred_to_younger_files()
    {
        Blob("Qwen/A-GGUF", New, "A-Q8_0.gguf", 20);
        Blob("Qwen/A-GGUF", Old, "A-Q8_0.gguf", 10);
        Reference("Qwen/A-GGUF", New);

        Assert.Equal(New, Cache.Find(ModelReference.Parse("Qwen/A-GGUF"))!.Revision);
        Assert.Equal(Old, Cache.Find(ModelReference.Parse("Qwen/A-GGUF") with { Revision = Old })!.Revision);
    }

    [Fact]
    public void Which_quantisation_is_meant_follows_the_same_rule_as_a_pull()
    {
        Blob("Qwen/Qwen3-4B-GGUF", Old, "Qwen3-4B-Q8_0.gguf", 20);
        Assert.Equal("Q8_0", Cache.Find(ModelReference.Parse("qwen3:4b"))!.Quant);

        Blob("Qwen/Qwen3-4B-GGUF", Old, "Qwen3-4B-Q6_K.gguf", 20);
        HubException several = Assert.Throws<HubException>(() => Cache.Find(ModelReference.Parse("qwen3:4b")));
        Assert.Contains("Q6_K, Q8_0", several.Message);

        Blob("Qwen/Qwen3-4B-GGUF", Old, "Qwen3-4B-Q4_K_M.gguf", 20);
        Assert.Equal("Q4_K_M", Cache.Find(ModelReference.Parse("qwen3:4b"))!.Quant);
        Assert.Equal("Q6_K", Cache.Find(ModelReference.Parse("qwen3:4b:q6_k"))!.Quant);
        Assert.Null(Cache.Find(ModelReference.Parse("qwen3:4b:Q5_0")));
        Assert.Null(Cache.Find(ModelReference.Parse("qwen3:8b")));
    }

    [Fact]
    public void Removing_one_quantisation_leaves_the_others_and_shared_content()
    {
        byte[] shared = LocalHub.Content(100, 1);
        Blob("Qwen/A-GGUF", Old, "A-Q4_0.gguf", shared);
        string kept = Blob("Qwen/A-GGUF", New, "A-Q4_0.gguf", shared);
        Blob("Qwen/A-GGUF", Old, "A-Q8_0.gguf", LocalHub.Content(300, 2));
        string[] blobs = Directory.GetFiles(_folder["hub/models--Qwen--A-GGUF/blobs"]);

        long sharedFreed = Cache.Remove(Cache.List().Single(model => model.Revision == Old && model.Quant == "Q4_0"));
        long freed = Cache.Remove(Cache.List().Single(model => model.Quant == "Q8_0"));

        Assert.Equal((0L, 300L), (sharedFreed, freed));
        Assert.Equal(2, blobs.Length);
        Assert.Single(Directory.GetFiles(_folder["hub/models--Qwen--A-GGUF/blobs"]));
        Assert.Equal(
            [_folder[$"hub/models--Qwen--A-GGUF/snapshots/{New}"]],
            Directory.GetDirectories(_folder["hub/models--Qwen--A-GGUF/snapshots"]));
        Assert.Equal(shared, File.ReadAllBytes(kept));
    }

    [Fact]
    public void Removing_the_last_model_removes_the_repository()
    {
        Blob("Qwen/A-GGUF", Old, "sub/A-Q4_0.gguf", 60);
        Blob("Qwen/A-GGUF", Old, "README.md", 40);
        Reference("Qwen/A-GGUF", Old);
        Write(_folder["hub/.locks/models--Qwen--A-GGUF/x.lock"], 0);

        Assert.Equal(100 + Old.Length, Cache.Remove(Assert.Single(Cache.List())));

        Assert.Equal([_folder["hub/.locks"]], Directory.GetFileSystemEntries(_folder["hub"]));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["hub/.locks"]));
    }

    [Fact]
    public void Weights_of_another_format_stay()
    {
        Blob("Qwen/A", Old, "A-Q4_0.gguf", 100);
        string pickle = Blob("Qwen/A", Old, "pytorch_model.bin", 40);

        Assert.Equal(100, Cache.Remove(Assert.Single(Cache.List())));

        Assert.Equal(40, File.ReadAllBytes(pickle).Length);
    }

    [Fact]
    public void A_link_out_of_the_cache_does_not_take_what_it_leads_to()
    {
        string precious = _folder["precious.gguf"];
        Write(precious, 500);
        string link = _folder[$"hub/models--Qwen--A-GGUF/snapshots/{Old}/A-Q4_0.gguf"];
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, precious);

        Assert.Equal(0, Cache.Remove(Assert.Single(Cache.List())));

        Assert.True(File.Exists(precious));
        Assert.False(Directory.Exists(_folder["hub/models--Qwen--A-GGUF"]));
    }

    [Theory]
    [InlineData("hub/models--Qwen--A-GGUF/blobs/")]
    [InlineData("modelscope/models/Qwen/A-GGUF/.qwensharp/")]
    public void The_rest_of_a_pull_that_broke_off_is_listed_and_can_be_removed(string folder)
    {
        string blob = _folder[folder + new string('a', 64)];
        Write(blob + ".part", 900);
        Write(blob + ".ranges", 64);

        CachedModel rest = Assert.Single(Cache.List());

        Assert.Equal(("Qwen/A-GGUF", false, 900L), (rest.Name, rest.IsComplete, rest.Bytes));
        Assert.Null(Cache.Find(ModelReference.Parse("Qwen/A-GGUF")));
        Assert.Equal(900, Cache.Remove(rest));
        Assert.Empty(Cache.List());
        Assert.False(Directory.Exists(Path.GetDirectoryName(blob)));
    }

    [Fact]
    public void Removing_from_ModelScopes_cache_leaves_the_other_quantisations()
    {
        Write(_folder["modelscope/models/Qwen/A-GGUF/A-Q4_0.gguf"], 100);
        Write(_folder["modelscope/models/Qwen/A-GGUF/A-Q8_0.gguf"], 200);
        Write(_folder["modelscope/models/Qwen/A-GGUF/README.md"], 7);

        Assert.Equal(100, Cache.Remove(Cache.List()[0]));
        Assert.Equal(207, Cache.Remove(Assert.Single(Cache.List())));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["modelscope/models/Qwen"]));
    }

    private string Blob(string repo, string commit, string name, int length) =>
        Blob(repo, commit, name, LocalHub.Content(length, string.GetHashCode(repo + commit + name, StringComparison.Ordinal)));

    /// <summary>Puts a file where huggingface_hub puts it.</summary>
    private string Blob(string repo, string commit, string name, byte[] content)
    {
        string folder = _folder[$"hub/models--{repo.Replace("/", "--", StringComparison.Ordinal)}"];
        string blob = Path.Combine(folder, "blobs", LocalHub.Sha256(content)),
            link = Path.Combine(folder, "snapshots", commit, Path.Combine(name.Split('/')));
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.WriteAllBytes(blob, content);
        File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, blob));
        return link;
    }

    private void Reference(string repo, string commit)
    {
        string path = _folder[$"hub/models--{repo.Replace("/", "--", StringComparison.Ordinal)}/refs/main"];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, commit);
    }

    private static void Write(string path, int length)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, LocalHub.Content(length));
    }
}
