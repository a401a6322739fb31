using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>Names of models, and which files they stand for.</summary>
public class NameTests
{
    [Theory]
    [InlineData("qwen3:0.6b", "Qwen/Qwen3-0.6B-GGUF", null)]
    [InlineData("QWEN3:30B-A3B", "Qwen/Qwen3-30B-A3B-GGUF", null)]
    [InlineData("qwen3:4b:Q8_0", "Qwen/Qwen3-4B-GGUF", "Q8_0")]
    [InlineData("qwen3-coder-next", "Qwen/Qwen3-Coder-Next-GGUF", null)]
    [InlineData("qwen3-coder-next:Q6_K", "Qwen/Qwen3-Coder-Next-GGUF", "Q6_K")]
    [InlineData("Qwen/Qwen3-4B", "Qwen/Qwen3-4B", null)]
    [InlineData("unsloth/Qwen3-4B-GGUF:UD-Q4_K_XL", "unsloth/Qwen3-4B-GGUF", "UD-Q4_K_XL")]
    [InlineData("hf.co/Qwen/Qwen3-4B-GGUF:Q8_0", "Qwen/Qwen3-4B-GGUF", "Q8_0")]
    public void Short_names_and_repositories_are_understood(string text, string repo, string? quant)
    {
        ModelReference model = ModelReference.Parse(text);

        Assert.Equal((text, repo, quant), (model.Name, model.Repo, model.Quant));
    }

    [Theory]
    [InlineData("https://huggingface.co/Qwen/Qwen3-4B-GGUF", HubKind.HuggingFace, null, null)]
    [InlineData("https://huggingface.co/Qwen/Qwen3-4B-GGUF/", HubKind.HuggingFace, null, null)]
    [InlineData("https://huggingface.co/Qwen/Qwen3-4B-GGUF/tree/v1", HubKind.HuggingFace, "v1", null)]
    [InlineData(
        "https://huggingface.co/Qwen/Qwen3-4B-GGUF/resolve/main/sub/Qwen3-4B-Q8_0.gguf?download=true",
        HubKind.HuggingFace,
        "main",
        "sub/Qwen3-4B-Q8_0.gguf")]
    [InlineData("https://hf-mirror.com/Qwen/Qwen3-4B-GGUF/blob/main/a%20b.gguf", HubKind.HuggingFace, "main", "a b.gguf")]
    [InlineData("https://www.modelscope.cn/models/Qwen/Qwen3-4B-GGUF", HubKind.ModelScope, null, null)]
    [InlineData("https://modelscope.cn/models/Qwen/Qwen3-4B-GGUF/files", HubKind.ModelScope, null, null)]
    [InlineData("https://modelscope.cn/models/Qwen/Qwen3-4B-GGUF/resolve/master/x.gguf", HubKind.ModelScope, "master", "x.gguf")]
    [InlineData("modelscope.cn/Qwen/Qwen3-4B-GGUF", HubKind.ModelScope, null, null)]
    [InlineData("http://mirror.test:8080/Qwen/Qwen3-4B-GGUF", HubKind.HuggingFace, null, null)]
    public void Addresses_are_understood(string text, HubKind hub, string? revision, string? file)
    {
        ModelReference model = ModelReference.Parse(text, new HubOptions { HuggingFaceEndpoint = new Uri("http://mirror.test:8080") });

        Assert.Equal(("Qwen/Qwen3-4B-GGUF", hub, revision, file), (model.Repo, model.Hub!.Value, model.Revision, model.File));
    }

    [Theory]
    [InlineData("")]
    [InlineData("model.gguf")]
    [InlineData("models/model.gguf")]
    [InlineData("a/b/c")]
    [InlineData("../models")]
    [InlineData("./model")]
    [InlineData("C:\\models\\x")]
    [InlineData("Qwen/..")]
    [InlineData("Qwen/a--b")]
    [InlineData("https://example.org/Qwen/Qwen3-4B-GGUF")]
    [InlineData("https://huggingface.co/Qwen")]
    [InlineData("https://huggingface.co/Qwen/Qwen3-4B/discussions/1")]
    [InlineData("ftp://huggingface.co/Qwen/Qwen3-4B")]
    public void Paths_and_other_addresses_are_no_models(string text)
    {
        Assert.Null(ModelReference.TryParse(text));
        Assert.Contains("Qwen/Qwen3-4B-GGUF:Q8_0", Assert.Throws<HubException>(() => ModelReference.Parse(text)).Message);
    }

    [Fact]
    public void A_family_without_a_size_gets_the_sizes() =>
        Assert.Contains("qwen3:0.6b, qwen3:1.7b, qwen3:4b", Assert.Throws<HubException>(() => ModelReference.Parse("qwen3")).Message);

    [Fact]
    public void Every_name_of_the_table_stands_for_a_repository()
    {
        Assert.True(ModelNames.All.Count > 50);
        Assert.All(ModelNames.All, entry =>
        {
            Assert.Matches("^[a-z0-9.-]+(:[a-z0-9.-]+)?$", entry.Key);
            Assert.Matches("^[A-Za-z]+/Q[A-Za-z0-9.-]+$", ModelReference.Parse(entry.Key).Repo);
        });
    }

    [Fact]
    public void Nothing_that_is_written_makes_the_reader_fail_in_another_way()
    {
        Gen<string> texts = Gen.Elements(
                "qwen3", "qwen3:4b", ":", "/", "Qwen", "..", "https://", "huggingface.co", "modelscope.cn", "models", "resolve", "main",
                "%2e%2e", "%", "\\", " ", "\0", "x.gguf", "?", "#", "@",
                "é")
            .ListOf()
            .Select(string.Concat);
        Prop.ForAll(
                texts.ToArbitrary(),
                text =>
                    ModelReference.TryParse(text) is not { } model
                    || (
                        model.Repo.Split('/') is [{ Length: > 0 }, { Length: > 0 }]
                        && !model.Repo.Contains("..", StringComparison.Ordinal)
                        && model.Name == text))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithReplay(0x51, 0x7F4A7C15));
    }

    [Theory]
    [InlineData("m-Q8_0.gguf", null, "m-Q8_0.gguf")]
    [InlineData("m-Q8_0.gguf m-Q4_K_M.gguf", null, "m-Q4_K_M.gguf")]
    [InlineData("m-q8_0.gguf m-q4_k_m.gguf", "Q8_0", "m-q8_0.gguf")]
    [InlineData("m-Q4_K_M.gguf m-Q4_K_S.gguf m-Q4_K.gguf", "q4_k", "m-Q4_K.gguf")]
    [InlineData("m-Q4_K_M.gguf m-UD-Q4_K_XL.gguf", "Q4_K_XL", "m-UD-Q4_K_XL.gguf")]
    [InlineData("m-UD-Q4_K_M.gguf m-Q4_K_M.gguf", null, "m-Q4_K_M.gguf")]
    [InlineData("m.Q4_K_M.gguf m.IQ4_XS.gguf", "IQ4_XS", "m.IQ4_XS.gguf")]
    [InlineData("m-bf16.gguf m-F16.gguf", "F16", "m-F16.gguf")]
    [InlineData("m-MXFP4_MOE.gguf m-Q8_0.gguf", "mxfp4_moe", "m-MXFP4_MOE.gguf")]
    [InlineData("a-Q4_0.gguf b-Q4_0.gguf", "b-Q4_0.gguf", "b-Q4_0.gguf")]
    [InlineData("a-Q4_0.gguf b-Q4_0.gguf", "b-q4_0", "b-Q4_0.gguf")]
    [InlineData("m-Q4_K_M.gguf mmproj-m-Q4_K_M.gguf imatrix.gguf mtp-m-Q4_K_M.gguf", null, "m-Q4_K_M.gguf")]
    [InlineData(
        "UD-Q2/m-UD-Q2_K_XL-00001-of-00002.gguf UD-Q2/m-UD-Q2_K_XL-00002-of-00002.gguf Q8/m-Q8_0.gguf",
        "UD-Q2_K_XL",
        "UD-Q2/m-UD-Q2_K_XL-00001-of-00002.gguf UD-Q2/m-UD-Q2_K_XL-00002-of-00002.gguf")]
    public void A_quantisation_is_picked_by_name(string files, string? quant, string expected) =>
        Assert.Equal(expected.Split(' '), Choose(files, quant));

    /// <summary>Qwen's own repositories have some quantisations both as one file and in shards.</summary>
    [Theory]
    [InlineData(null, false)]
    [InlineData("q4_k_m", false)]
    [InlineData("Q4_K_M", false)]
    [InlineData("m-q4_k_m", false)]
    [InlineData("m-q4_k_m.gguf", false)]
    [InlineData("M-Q4_K_M.GGUF", false)]
    [InlineData("m-q4_k_m-00001-of-00002.gguf", true)]
    [InlineData("m-q4_k_m-00002-of-00002.gguf", true)]
    [InlineData("m-q4_k_m-00002-of-00002", true)]
    public void Of_a_model_both_whole_and_split_the_one_file_comes_unless_a_shard_is_named(string? quant, bool isSplit)
    {
        const string whole = "m-q4_k_m.gguf", split = "m-q4_k_m-00001-of-00002.gguf m-q4_k_m-00002-of-00002.gguf";

        Assert.Equal((isSplit ? split : whole).Split(' '), Choose($"{split} {whole} m-q8_0.gguf", quant));
    }

    [Theory]
    [InlineData("m-q4_k_m-00001-of-00002.gguf m-q4_k_m.gguf", "Q4_K_M", "m-q4_k_m.gguf")]
    [InlineData("a-Q4_0.gguf A-q4_0.gguf", "A-q4_0", "A-q4_0.gguf")]
    [InlineData("a-Q4_0.gguf A-q4_0.gguf", "a-Q4_0.gguf", "a-Q4_0.gguf")]
    [InlineData("Q8_0.gguf m-Q8_0.gguf", "Q8_0", "Q8_0.gguf")]
    [InlineData("x/m-Q4_0.gguf y/m-Q4_0.gguf", "y/m-Q4_0", "y/m-Q4_0.gguf")]
    [InlineData("m-Q4_0.gguf x/m-Q4_0.gguf", "m-Q4_0.gguf", "m-Q4_0.gguf")]
    [InlineData("m-Q4_0.gguf mmproj-F16.gguf", "mmproj-F16.gguf", "mmproj-F16.gguf")]
    [InlineData("m-Q4_0.gguf mmproj-F16.gguf", "mmproj-F16", "mmproj-F16.gguf")]
    public void An_exact_name_wins(string files, string quant, string expected) => Assert.Equal(expected.Split(' '), Choose(files, quant));

    /// <summary>Whatever is offered is another word for each file, and stands for it when it is typed.</summary>
    [Theory]
    [InlineData("x/m-Q4_0.gguf y/m-Q4_0.gguf", "Q4_0")]
    [InlineData("x/m-Q4_0.gguf y/m-Q4_0.gguf", "m-Q4_0.gguf")]
    [InlineData("a-Q4_0.gguf b-Q4_0.gguf c-Q8_0.gguf", null)]
    [InlineData("a-Q4_0.gguf A-Q4_0.gguf", "a-q4_0")]
    [InlineData("a-Q4_0.gguf a-Q4_0-00001-of-00002.gguf a-Q4_0-00002-of-00002.gguf b-Q4_0.gguf", "Q4_0")]
    [InlineData("x/m.gguf y/m.gguf m-Q8_0.gguf", null)]
    public void Choices_differ_and_work(string files, string? quant)
    {
        string said = Assert.Throws<HubException>(() => Choose(files, quant)).Message;
        string[] choices = said[(said.IndexOf("NAME of: ", StringComparison.Ordinal) + "NAME of: ".Length)..^1].Split(", ");

        Assert.True(choices.Length > 1);
        Assert.Equal(choices.Length, choices.Select(choice => string.Join(' ', Choose(files, choice))).Distinct().Count());
    }

    [Theory]
    [InlineData("m-Q8_0.gguf m-Q6_K.gguf", null, "no Q4_K_M. Choose one as Qwen/M:NAME of: Q6_K, Q8_0")]
    [InlineData("m-Q8_0.gguf m-Q6_K.gguf", "Q5_0", "has no Q5_0")]
    [InlineData("a-Q4_0.gguf b-Q4_0.gguf", "Q4_0", "several files of Q4_0. Choose one as Qwen/M:NAME of: a-Q4_0, b-Q4_0")]
    [InlineData("m-Q8_0-00002-of-00003.gguf", null, "1 of the 3 files")]
    [InlineData("config.json", null, "neither GGUF nor safetensors")]
    [InlineData("config.json model.safetensors", "Q4_0", "there is no Q4_0 to choose")]
    public void What_is_not_clear_is_one_error_with_the_choices(string files, string? quant, string said) =>
        Assert.Contains(said, Assert.Throws<HubException>(() => Choose(files, quant)).Message);

    [Fact]
    public void A_list_that_names_a_file_twice_is_refused() =>
        Assert.Contains("twice", Assert.Throws<HubException>(() => Choose("m-Q4_0.gguf m-Q4_0.gguf", null)).Message);

    private static IEnumerable<string> Choose(string files, string? quant)
    {
        RepoListing listing = new("Qwen/M", "main", LocalHub.Commit, [.. files.Split(' ').Select(path => new RepoFile(path, 1, null))]);
        return FileSelection
            .Choose(
                listing,
                new ModelReference
                {
                    Name = "m",
                    Repo = "Qwen/M",
                    Quant = quant,
                })
            .Files.Select(file => file.Path);
    }
}
