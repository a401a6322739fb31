using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>What environment variables ask for.</summary>
public sealed class HubOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_variables_models_come_from_the_hubs_and_go_below_the_home_folder()
    {
        HubOptions options = Read();

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal(
            ("https://huggingface.co/", "https://www.modelscope.cn/"),
            (options.HuggingFaceEndpoint.AbsoluteUri, options.ModelScopeEndpoint.AbsoluteUri));
        Assert.Equal(Path.Combine(home, ".cache", "huggingface", "hub"), options.HuggingFaceCache);
        Assert.Equal(Path.Combine(home, ".cache", "modelscope", "hub"), options.ModelScopeCache);
        Assert.False(options.Offline);
    }

    [Fact]
    public void The_caches_folder_follows_huggingface_hubs_order()
    {
        string path = _folder["x"];

        Assert.Equal(Path.Combine(path, "huggingface", "hub"), Read(("XDG_CACHE_HOME", path)).HuggingFaceCache);
        Assert.Equal(Path.Combine(path, "hub"), Read(("HF_HOME", path), ("XDG_CACHE_HOME", "/y")).HuggingFaceCache);
        Assert.Equal(path, Read(("HUGGINGFACE_HUB_CACHE", path), ("HF_HOME", "/y")).HuggingFaceCache);
        Assert.Equal(path, Read(("HF_HUB_CACHE", path), ("HUGGINGFACE_HUB_CACHE", "/y"), ("HF_HOME", "/z")).HuggingFaceCache);
        Assert.Equal(path, Read(("MODELSCOPE_CACHE", path)).ModelScopeCache);
        Assert.Equal(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "/models",
            Read(("HF_HUB_CACHE", "~/models")).HuggingFaceCache);
    }

    [Fact]
    public void The_token_comes_from_a_variable_or_a_file()
    {
        File.WriteAllText(_folder["token"], "  from_file\n");

        Assert.Equal("from_file", Read(("HF_HOME", _folder["."])).HuggingFaceToken);
        Assert.Equal("from_file", Read(("HF_TOKEN_PATH", _folder["token"])).HuggingFaceToken);
        Assert.Equal("old", Read(("HF_HOME", _folder["."]), ("HUGGING_FACE_HUB_TOKEN", "old")).HuggingFaceToken);
        Assert.Equal("new", Read(("HF_TOKEN", "new\n"), ("HUGGING_FACE_HUB_TOKEN", "old")).HuggingFaceToken);
        Assert.Equal("ms", Read(("MODELSCOPE_API_TOKEN", "ms")).ModelScopeToken);
        Assert.Null(Read(("HF_HOME", _folder["absent"]), ("HF_TOKEN", " ")).HuggingFaceToken);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("ON", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void Offline_is_a_yes_or_no(string value, bool offline) => Assert.Equal(offline, Read(("HF_HUB_OFFLINE", value)).Offline);

    [Fact]
    public void Mirrors_are_addresses()
    {
        Assert.Equal("https://hf-mirror.com/", Read(("HF_ENDPOINT", "https://hf-mirror.com")).HuggingFaceEndpoint.AbsoluteUri);
        Assert.Equal("https://www.modelscope.ai/", Read(("MODELSCOPE_DOMAIN", "www.modelscope.ai")).ModelScopeEndpoint.AbsoluteUri);
        Assert.Contains("HF_ENDPOINT", Assert.Throws<HubException>(() => Read(("HF_ENDPOINT", "hf-mirror.com"))).Message);
        Assert.Contains("HF_ENDPOINT", Assert.Throws<HubException>(() => Read(("HF_ENDPOINT", "file:///etc"))).Message);
    }

    private static HubOptions Read(params (string Name, string Value)[] variables) =>
        HubOptions.FromEnvironment(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
