using System.Text.Json;
using QwenSharp.Agent.Tools;
using QwenSharp.Tests;

namespace QwenSharp.Agent.Tests.Tools;

public sealed class ToolSetTests
{
    [Fact]
    public void Profiles_have_their_tools()
    {
        Assert.Equal(["bash"], ToolSet.For(ToolProfile.BashOnly).Select(tool => tool.Name));
        string[] qwen = [.. ToolSet.For(ToolProfile.QwenCode).Select(tool => tool.Name)];
        string[] patching = [.. ToolSet.For(ToolProfile.ApplyPatch).Select(tool => tool.Name)];
        Assert.Equal(["apply_patch"], patching.Except(qwen));
        Assert.Equal(["edit", "write_file"], qwen.Except(patching));
        Assert.Equal(qwen.Distinct(), qwen);
    }

    // Some three and a half characters are a token of such text; system prompt and tools together have room for 4,000.
    [Theory]
    [InlineData(ToolProfile.QwenCode)]
    [InlineData(ToolProfile.ApplyPatch)]
    public void What_a_model_is_told_of_the_tools_is_short(ToolProfile profile) => Assert.InRange(
        ToolSet.For(profile).Sum(tool => tool.Name.Length + tool.Description.Length + JsonSerializer.Serialize(tool.Parameters).Length), 1000, 8000);

    [Fact]
    public void Every_schema_is_of_an_object_whose_required_members_are_there()
    {
        foreach (AgentTool tool in Enum.GetValues<ToolProfile>().SelectMany(profile => ToolSet.For(profile)))
        {
            Assert.Equal("object", tool.Parameters.GetProperty("type").GetString());
            JsonElement properties = tool.Parameters.GetProperty("properties");
            Assert.All(tool.Parameters.GetProperty("required").EnumerateArray(), name => Assert.True(properties.TryGetProperty(name.GetString()!, out _)));
        }
    }

    [Fact]
    public void Names_parameters_and_types_are_those_of_Qwen_Code()
    {
        using JsonDocument recorded = JsonDocument.Parse(File.ReadAllText(Fixtures.Require("clients", "qwen-code", "01.json")));
        Dictionary<string, JsonElement> theirs = recorded.RootElement.GetProperty("body").GetProperty("tools").EnumerateArray()
            .Select(tool => tool.GetProperty("function"))
            .ToDictionary(tool => tool.GetProperty("name").GetString()!, tool => tool.GetProperty("parameters"));
        AgentTool[] both = [.. ToolSet.For(ToolProfile.QwenCode).Where(tool => theirs.ContainsKey(tool.Name))];
        Assert.Equal(10, both.Length);
        foreach (AgentTool tool in both)
        {
            JsonElement own = tool.Parameters, other = theirs[tool.Name];
            Assert.Equal(Types(other), Types(own));
            Assert.Equal(Required(other), Required(own));
        }
    }

    private static string[] Types(JsonElement schema) =>
        [.. schema.GetProperty("properties").EnumerateObject().Select(one => $"{one.Name}: {one.Value.GetProperty("type")}").Order(StringComparer.Ordinal)];

    private static string[] Required(JsonElement schema) =>
        [.. schema.GetProperty("required").EnumerateArray().Select(one => one.GetString()!).Order(StringComparer.Ordinal)];
}
